/** How this app proves to the provider who it is: a secret, or a signature by the key of a certificate (RFC 7523), as Entra takes it. */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type ClientAuth, ClientSecretPost, modifyAssertion, PrivateKeyJwt } from 'openid-client';

/** By a secret. */
export const bySecret = (secret: string): ClientAuth => ClientSecretPost(secret);

/**
 * By a certificate and its key, PEM. The provider finds the certificate by its SHA-256. Throws Error when they cannot be read, or
 * when the key is neither RSA nor EC with P-256.
 */
export function byCertificate({ certificate, key }: { certificate: string; key: string }): ClientAuth {
  const { raw } = new X509Certificate(certificate);
  const thumbprint = createHash('sha256').update(raw).digest('base64url');
  const privateKey = createPrivateKey(key);
  return PrivateKeyJwt(privateKey.toCryptoKey(algorithmOf(privateKey), false, ['sign']), {
    [modifyAssertion]: (header) => void (header['x5t#S256'] = thumbprint),
  });
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return { name: 'ECDSA', namedCurve: 'P-256' };
  throw new Error(`a key of type ${type}`);
}
