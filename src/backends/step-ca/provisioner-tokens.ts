/** One-time tokens of a provisioner: step-ca does what such a token permits, once. */
import { X509Certificate } from 'node:crypto';
import type { Clock, RandomBytes } from '../../core/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import { certificatesIn } from '../given-certificates.ts';
import { compactJws, type JwsKey, jwsKey } from './jws.ts';
import type { StepCaSettings } from './step-ca-settings.ts';

/** `path`: of the call that is permitted, such as `/1.0/sign`. `subject`: a name, or a serial number. */
export type WantedToken = { path: string; subject: string; claims?: object };

/** `keyId`: of a JWK provisioner. `expires`: when an X5C certificate ends. */
export type ProvisionerTokens = {
  token: (wanted: WantedToken) => string;
  keyId: string | undefined;
  expires: Date | undefined;
};

/** Seconds. step-ca allows a difference of one minute between the clocks. */
const LIFETIME = 300;

/** Throws ConfigError for a key or a certificate that cannot be used. */
export function provisionerTokens(settings: StepCaSettings, clock: Clock, random: RandomBytes): ProvisionerTokens {
  const { url, provisioner, certificate } = settings;
  const key = jwsKey(settings.key);
  const origin = new URL(url).origin;
  const chain = certificate === undefined ? undefined : identityOf(certificate, key);
  const keyId = chain ? undefined : (settings.keyId ?? key.thumbprint);
  const header = chain ? { typ: 'JWT', x5c: chain.base64 } : { typ: 'JWT', kid: keyId };
  return {
    keyId,
    expires: chain?.expires,
    token({ path, subject, claims }) {
      const now = Math.floor(clock().getTime() / 1000);
      return compactJws(key, header, {
        ...claims,
        iss: provisioner,
        aud: origin + path + (chain ? `#x5c/${provisioner}` : ''),
        sub: subject,
        jti: Buffer.from(random(32)).toString('hex'),
        nbf: now,
        iat: now,
        exp: now + LIFETIME,
      });
    },
  };
}

/** RFC 7515 4.1.6: base64, not base64url; the certificate of the key first. */
function identityOf(pem: string, key: JwsKey): { base64: string[]; expires: Date } {
  const chain = certificatesIn(pem);
  try {
    const own = new X509Certificate(chain[0] ?? new Uint8Array());
    if (own.publicKey.export({ format: 'der', type: 'spki' }).equals(key.spki))
      return { base64: chain.map((der) => Buffer.from(der).toString('base64')), expires: own.validToDate };
  } catch {
    // Expected: no PEM, or no certificate in it.
  }
  throw new ConfigError(
    'step-ca: the certificate of the X5C provisioner does not belong to its key',
    'Give the certificate with its own key: PEM, the certificate first and then those between it and the root.',
  );
}
