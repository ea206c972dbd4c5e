/** Variables of the process that would take protection away from it. */
import { ConfigError } from '../core/errors.ts';

/**
 * Throws ConfigError when the process does not check TLS certificates by default. The clients of this server check them
 * in any case; a policy module and `enroll` rely on the default.
 */
export function assertTlsVerified(env: NodeJS.ProcessEnv = process.env): void {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return;
  throw new ConfigError(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: it switches off the check of TLS certificates in this process',
    'Remove it from the environment of openndes. Where a proxy opens TLS, give its CA as `trustCa`.',
  );
}
