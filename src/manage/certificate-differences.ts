/** How a certificate of Intune's list and one of the store are told to be the same, and how they differ. */
import type { IntuneCertificate } from '../core/intune-certificates.ts';
import type { StoredCertificate } from '../core/records.ts';
import { isOfIssuer } from './requested-revocations.ts';

/**
 * `state`: revoked on one side only, or the revocation is not finished in Intune. `only-intune`: the store has no such
 * certificate. `only-here`: valid here, and Intune does not list it. In this order they are shown.
 */
export const DIFFERENCES = ['state', 'only-intune', 'only-here'] as const;

/** One difference. `here` is empty when the store has no such certificate, `intune` when Intune does not list it. */
export type CertificateDifference = {
  difference: (typeof DIFFERENCES)[number];
  serial: string;
  thumbprint: string;
  here: '' | 'valid' | 'revoked';
  /** As `revocation` of IntuneCertificate. */
  intune: string;
  ends?: Date;
  issuer: string;
  subject: string;
  endpoint: string;
  device: string;
  user: string;
};

/** In one spelling. */
export const thumbprintDigits = (thumbprint: string): string => thumbprint.replace(/[:\s\u200e]/g, '').toUpperCase();

/** Of one serial number. By the thumbprint; where Intune has none, by the issuer. */
export function isSameCertificate(certificate: StoredCertificate, row: IntuneCertificate): boolean {
  if (row.thumbprint !== '') return thumbprintsOf(certificate).includes(thumbprintDigits(row.thumbprint));
  return row.issuer === '' || isOfIssuer(certificate, { issuerName: row.issuer });
}

/** SHA-1 and SHA-256, as `thumbprintDigits` has them. */
export const thumbprintsOf = ({ thumbprint, thumbprintSha256 }: StoredCertificate): string[] =>
  [thumbprint, thumbprintSha256].map(thumbprintDigits);

/** Undefined when both sides agree, or Intune says nothing of revocation. */
export function stateDifference(
  certificate: StoredCertificate,
  row: IntuneCertificate,
): CertificateDifference | undefined {
  const expected = certificate.state === 'revoked' ? 'revoked' : 'none';
  if (row.revocation === '' || row.revocation === expected) return undefined;
  return { difference: 'state', ...ofStore(certificate), ...ofRow(row) };
}

/** Intune lists it, and the store does not have it. */
export const onlyInIntune = (row: IntuneCertificate): CertificateDifference => ({
  difference: 'only-intune',
  serial: row.serial,
  thumbprint: row.thumbprint,
  here: '',
  ...ofRow(row),
  ...(row.ends && { ends: row.ends }),
  issuer: row.issuer,
  subject: row.subject,
  endpoint: '',
});

/** The store has it, and Intune does not list it. */
export const onlyHere = (certificate: StoredCertificate): CertificateDifference => ({
  difference: 'only-here',
  ...ofStore(certificate),
  intune: '',
  device: '',
  user: '',
});

const ofRow = ({ revocation, device, user }: IntuneCertificate) => ({ intune: revocation, device, user });

const ofStore = ({ serial, thumbprint, state, notAfter, issuer, subject, endpoint }: StoredCertificate) => ({
  serial,
  thumbprint,
  here: state === 'revoked' ? ('revoked' as const) : ('valid' as const),
  ends: notAfter,
  issuer,
  subject,
  endpoint,
});
