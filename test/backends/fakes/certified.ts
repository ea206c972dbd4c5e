/** What the fakes of CAs sign with: the issuing CA of the tests. */
import { randomBytes } from 'node:crypto';
import type { CertificationRequest } from '../../../src/core/request.ts';
import { type CertificatePlan, readCertificate, writeCertificate } from '../../../src/pkix/certificate.ts';
import { readCertificationRequest } from '../../../src/pkix/csr.ts';
import { authorityKeyIdentifier, extendedKeyUsage, keyIdentifier } from '../../../src/pkix/extensions.ts';
import { DAY, HOUR, issuing, type Keyed, NOW, root } from '../../kit/pki.ts';

/** The CA of the fakes and its root, DER. */
export const CHAIN: readonly Uint8Array[] = [issuing.certificate, root.certificate];

/** The CA that a fake signs with, and its time. */
export type Signer = { ca: Keyed; now: Date };

/** A certificate with the names and extensions of a request, for client authentication where it names no purpose; DER. */
export function certified(
  der: Uint8Array,
  different: Partial<CertificatePlan> = {},
  { ca, now }: Signer = { ca: issuing, now: NOW },
): Promise<Uint8Array> {
  const csr = readCertificationRequest(der);
  return writeCertificate(
    {
      serialNumber: Buffer.concat([Buffer.of(0x4d), randomBytes(15)]),
      issuer: readCertificate(ca.certificate).subject,
      subject: csr.subject,
      notBefore: new Date(now.getTime() - HOUR),
      notAfter: new Date(now.getTime() + 30 * DAY),
      spki: csr.spki,
      extensions: [...withPurpose(csr), authorityKeyIdentifier(keyIdentifier(ca.key.spki))],
      ...different,
    },
    ca.key,
  );
}

const withPurpose = ({ extensions }: CertificationRequest) =>
  extensions.some(({ oid }) => oid === '2.5.29.37')
    ? extensions
    : [...extensions, extendedKeyUsage(['1.3.6.1.5.5.7.3.2'])];

/** The DER of a PEM text. */
export const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
