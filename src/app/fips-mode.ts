/** Whether OpenSSL is in FIPS mode, in fact and not only by its name. */
import { createHash, getFips } from 'node:crypto';
import { ConfigError } from '../core/errors.ts';

const REMEDY =
  'Install the FIPS provider of OpenSSL, and start with OPENSSL_CONF and OPENSSL_MODULES as docs/fips.md says; or remove `fips`.';

/** What of node:crypto it needs. */
export type FipsRuntime = { getFips: () => number; createHash: typeof createHash };

/** Throws ConfigError unless the runtime says that it is in FIPS mode, has SHA-256, and refuses MD5. */
export function assertFipsMode(runtime: FipsRuntime = { getFips, createHash }): void {
  if (runtime.getFips() !== 1) throw new ConfigError('OpenSSL of this process is not in FIPS mode', REMEDY);
  if (!hashes(runtime, 'sha256'))
    throw new ConfigError('OpenSSL is in FIPS mode and SHA-256 does not work: its provider was not loaded', REMEDY);
  if (hashes(runtime, 'md5'))
    throw new ConfigError('OpenSSL says that it is in FIPS mode, and takes MD5, which is not approved', REMEDY);
}

function hashes({ createHash: hash }: FipsRuntime, algorithm: string): boolean {
  try {
    return hash(algorithm).update('').digest().length > 0;
  } catch {
    // Expected: what is not approved throws.
    return false;
  }
}
