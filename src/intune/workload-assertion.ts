/** The assertion of a workload identity (RFC 7523 2.2): a token of another issuer that Entra exchanges. */
import { ConfigError } from '../core/errors.ts';
import type { Clock } from '../core/environment.ts';
import { field, parseObject, redacted } from '../outbound/untrusted-json.ts';

/** What to change where each platform writes the token. */
const AUDIENCE_REMEDY =
  'Set the audience where the token is made: `audience` of the projected volume (Kubernetes), `audience=` of the request (GitHub), `-audience` (SPIFFE).';

/**
 * The assertion, read now. Entra is not asked with one that it must refuse: for another audience, or expired. The signature
 * is Entra's matter. Throws ConfigError, which never has a part of the assertion but its audience and its end.
 */
export function checkedAssertion(
  { file, read }: { file: string; read: () => string },
  { audience, clock }: { audience: string; clock: Clock },
): string {
  const assertion = read().trim();
  const claims = claimsOf(assertion);
  if (!claims)
    throw new ConfigError(
      `${file} has no token in it`,
      'It must have one JWT, as the platform of the workload writes it.',
    );
  const audiences = [field(claims, 'aud')].flat().map(String);
  if (!audiences.includes(audience))
    throw new ConfigError(
      `the assertion in ${file} is for the audience ${redacted(audiences.join(', '), [])}, and Entra ID wants ${audience}`,
      AUDIENCE_REMEDY,
    );
  const ends = new Date(Number(field(claims, 'exp')) * 1000);
  if (ends > clock()) return assertion;
  throw new ConfigError(
    `the assertion in ${file} ${Number.isNaN(ends.getTime()) ? 'has no end' : `expired at ${ends.toISOString()}`}`,
    'Look at what writes the file: it must renew the token before its end. Look at the clock of this machine too.',
  );
}

/** The claims; undefined when it is not a signed JWT (RFC 7519 7.2). */
function claimsOf(assertion: string): object | undefined {
  const parts = assertion.split('.');
  return parts.length === 3 ? parseObject(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')) : undefined;
}
