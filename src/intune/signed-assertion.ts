/** The assertion that the app signs with its certificate (RFC 7523 2.2; Entra, "Certificate credentials"). */
import { MINUTE } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import type { Clock } from '../core/environment.ts';
import type { KeyProvider } from '../core/keys.ts';

/** The certificate of the app: the chain DER, its own first; `thumbprintSha256` in hexadecimal. */
export type CertificateOfApp = { chain: readonly Uint8Array[]; thumbprintSha256: string; key: KeyProvider };

/** `endpoint` is the token endpoint. */
export type SigningContext = { clientId: string; endpoint: string; clock: Clock; uuid: () => string };

/** So long it is valid, and so long before now already, because clocks differ. */
const [LIFE, EARLY] = [10 * MINUTE, 5 * MINUTE];

/** PS256 with x5t#S256 and x5c, made now. Throws ConfigError for a key that is not RSA. */
export async function signedAssertion(
  { chain, thumbprintSha256, key }: CertificateOfApp,
  { clientId, endpoint, clock, uuid }: SigningContext,
): Promise<string> {
  if (key.kind.type !== 'rsa')
    throw new ConfigError('the key of the app is not RSA', 'Entra ID takes certificates with RSA keys only: make one.');
  const now = clock().getTime();
  const header = {
    alg: 'PS256',
    typ: 'JWT',
    'x5t#S256': Buffer.from(thumbprintSha256, 'hex').toString('base64url'),
    x5c: chain.map((der) => Buffer.from(der).toString('base64')),
  };
  const claims = {
    aud: endpoint,
    iss: clientId,
    sub: clientId,
    jti: uuid(),
    iat: seconds(now),
    nbf: seconds(now - EARLY),
    exp: seconds(now + LIFE),
  };
  const text = `${encoded(header)}.${encoded(claims)}`;
  const signature = await key.sign({ data: Buffer.from(text), digest: 'sha256', scheme: 'pss' });
  return `${text}.${Buffer.from(signature).toString('base64url')}`;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
