/** Certificates as pages and the API show them. */
import type { ShownCertificate } from '../actions/shown-certificate.ts';
import { standingOf } from '../core/watched.ts';
import { algorithmText } from '../pkix/algorithm-names.ts';
import {
  certificateSignature,
  readCertificate,
  readValidity,
  serialText,
  thumbprint,
  thumbprintSha256,
} from '../pkix/certificate.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { keyText } from '../pkix/key-text.ts';

/** What a certificate is for. `leaf`: it is no CA. `automatic`: this server makes the next one. */
export type CertificateRole = { role: string; leaf?: boolean; automatic?: boolean };

/** Throws DerError. */
export function certificateView(
  der: Uint8Array,
  { role, leaf = false, automatic = false }: CertificateRole,
  now: Date,
) {
  const view = readCertificate(der);
  const validity = readValidity(view);
  return {
    role,
    subject: nameText(view.subject),
    issuer: nameText(view.issuer),
    serial: serialText(view.serialNumber),
    notBefore: validity.notBefore.toISOString(),
    notAfter: validity.notAfter.toISOString(),
    standing: standingOf({ validity, leaf, automatic }, now),
    key: keyText(view.spki),
    signature: algorithmText(certificateSignature(view).oid).replace(/ \([\d.]+\)$/, ''),
    sha1: thumbprint(der),
    sha256: thumbprintSha256(der),
    automatic,
  } satisfies ShownCertificate;
}

/** The chain of an authority: the issuing CA first, the root last. Throws DerError. */
export const chainView = (chain: readonly Uint8Array[], now: Date): ShownCertificate[] =>
  chain.map((der, index) => certificateView(der, { role: roleInChain(der, index) }, now));

/** Throws DerError. */
export function roleInChain(der: Uint8Array, index: number): string {
  const { subject, issuer } = readCertificate(der);
  if (sameName(subject, issuer)) return index === 0 ? 'issuing CA, a root' : 'root CA';
  return index === 0 ? 'issuing CA' : 'intermediate CA';
}
