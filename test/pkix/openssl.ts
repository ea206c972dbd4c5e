/** The openssl command as a second opinion. Where it is not installed, the tests that ask it are skipped and say so. */
import { execFileSync, spawnSync } from 'node:child_process';

/** For the `skip` option of a test. */
export const withoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'needs the openssl command';

/** What it prints. Throws with its words when it fails. */
export const openssl = (args: readonly string[], input: Uint8Array | string): string =>
  execFileSync('openssl', args, { input, encoding: 'utf8', stdio: 'pipe' });
