/** Certificates and assertions of an app, made with node:crypto and not with the code under test. */
import { constants, createHash, randomUUID, sign, X509Certificate } from 'node:crypto';
import { certificatePem } from '../../src/pkix/pem.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { rsaKey } from '../kit/keys.ts';
import { random } from '../kit/pki.ts';

export type Credential = { key: SoftwareKey; certificate: X509Certificate; pem: string };

/** A key and the certificate that it signed, valid from `now` on. */
export async function credential(name: string, now = new Date()): Promise<Credential> {
  const key = rsaKey(name);
  const der = await selfSigned(key, nameFromText(`CN=${name}`), () => now, random);
  return { key, certificate: new X509Certificate(der), pem: certificatePem(der) };
}

export type Assertion = { header?: Record<string, unknown>; claims: Record<string, unknown> };

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Signs with PS256 when the header says so, else with RS256. */
export function signed({ header = {}, claims }: Assertion, { key }: Pick<Credential, 'key'>): string {
  const text = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const how = header['alg'] === 'PS256' ? pss : {};
  return `${text}.${sign('sha256', Buffer.from(text), { key: key.privateKey, ...how }).toString('base64url')}`;
}

export const x5t = ({ certificate }: Credential, hash = 'sha1'): string =>
  createHash(hash).update(certificate.raw).digest('base64url');

/** The claims of an assertion that an app makes about itself. */
export const ownClaims = (clientId: string, audience: string, now = Date.now()): Record<string, unknown> => ({
  iss: clientId,
  sub: clientId,
  aud: audience,
  jti: randomUUID(),
  nbf: Math.floor(now / 1000),
  exp: Math.floor(now / 1000) + 600,
});
