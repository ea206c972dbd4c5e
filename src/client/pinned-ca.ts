/** Trusts of GetCACert only what a fingerprint vouches for (RFC 8894 2.2), because the answer itself is not authenticated. */
import { createHash } from 'node:crypto';
import { equalBytes } from '../core/bytes.ts';
import { certificateExtensions, certificateSignature, readCertificate } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage } from '../pkix/extensions.ts';
import { EXTENDED_KEY_USAGES, OID } from '../pkix/oids.ts';
import { verifySignature } from '../pkix/signature.ts';
import { caKey } from './ca-key.ts';
import { isCa, recipientOf, ServerError } from './ca-operations.ts';
import type { ScepServer } from './scep-client.ts';

/** By the number of hexadecimal digits. */
const DIGESTS: ReadonlyMap<number, string> = new Map([
  [40, 'sha1'],
  [64, 'sha256'],
  [128, 'sha512'],
]);

/** `digest` by its name in OpenSSL; `hex` in lower case. */
export type Fingerprint = { digest: string; hex: string };

/** Reads a fingerprint as programs print it; colons and spaces are ignored. Undefined for other text. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const hex = text.replace(/[\s:]/g, '').toLowerCase();
  const digest = DIGESTS.get(hex.length);
  return digest !== undefined && /^[\da-f]+$/.test(hex) ? { digest, hex } : undefined;
}

/**
 * The server with only the CA of this fingerprint and what it signed, directly or through a CA of the answer: further CAs,
 * and RAs with the purpose Certificate Request Agent, without which any device of the CA could be the RA. Throws
 * ServerError when the CA is not in the answer, and DerError.
 */
export function pinnedServer(server: ScepServer, { digest, hex }: Fingerprint): ScepServer {
  const pinned = server.certificates.find((der) => createHash(digest).update(der).digest('hex') === hex);
  if (!pinned) throw new ServerError('GetCACert: no certificate has the fingerprint of --fingerprint');
  const certificates = new Set([pinned]);
  // A CA that is added may have signed others; the set grows while it is read.
  for (const ca of certificates)
    if (isCa(ca))
      server.certificates.filter((der) => isFit(der) && isSignedBy(der, ca)).forEach((der) => certificates.add(der));
  const trusted = server.certificates.filter((der) => certificates.has(der));
  return { ...server, certificates: trusted, recipient: recipientOf(trusted) };
}

const isFit = (der: Uint8Array): boolean =>
  isCa(der) || purposes(der).includes(EXTENDED_KEY_USAGES.certificateRequestAgent);

function purposes(der: Uint8Array): readonly string[] {
  const extension = findExtension(certificateExtensions(readCertificate(der)), OID.extendedKeyUsage);
  return extension ? readExtendedKeyUsage(extension.value) : [];
}

function isSignedBy(der: Uint8Array, ca: Uint8Array): boolean {
  const certificate = readCertificate(der);
  const { subject } = readCertificate(ca);
  const { algorithm, signature } = certificateSignature(certificate);
  if (!algorithm || !equalBytes(certificate.issuer, subject)) return false;
  return verifySignature({ algorithm, key: caKey(ca).key, data: certificate.tbs, signature });
}
