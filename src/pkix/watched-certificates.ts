/** Certificates as things that begin and end. */
import type { Watched } from '../core/watched.ts';
import { readCertificate, readValidity, serialText } from './certificate.ts';
import { nameText, sameName } from './name.ts';

/** One certificate, DER, in its role. Throws DerError. */
export function watchedCertificate(what: string, der: Uint8Array): Watched {
  const view = readCertificate(der);
  const { subject, issuer, serialNumber } = view;
  const named = { issuer: nameText(issuer), serial: serialText(serialNumber) };
  return { what, subject: nameText(subject), ...named, validity: readValidity(view) };
}

/** The issuing CA first, the root last; DER. `of` stands before each role: `authority issuing: `. Throws DerError. */
export const watchedChain = (chain: readonly Uint8Array[], of = ''): Watched[] =>
  chain.map((der, index) => watchedCertificate(`${of}${roleOf(der, index)}`, der));

function roleOf(der: Uint8Array, index: number): string {
  if (index === 0) return 'issuing CA';
  const { subject, issuer } = readCertificate(der);
  return sameName(subject, issuer) ? 'root CA' : 'intermediate CA';
}
