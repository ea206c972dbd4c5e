/** The openssl command as an independent implementation. Tests that need it are skipped when it is not installed. */
import { execFileSync, spawnSync } from 'node:child_process';

/** For the `skip` option of a test. */
export const withoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'needs the openssl command';

/** The standard output of a command. Throws with its standard error when it fails. */
export const openssl = (args: readonly string[], input: Uint8Array | string): string =>
  execFileSync('openssl', args, { input, encoding: 'utf8', stdio: 'pipe' });
