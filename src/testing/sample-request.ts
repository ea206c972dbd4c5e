/** An enrolment request as plain data, for tests of policies and issuers. */
import { hash } from 'node:crypto';
import type { CertificationRequest, EnrollmentRequest } from '../core/request.ts';

/** What a test chooses; the rest is a request of `CN=device` with an RSA-2048 key. */
export type SampleRequest = Partial<Omit<EnrollmentRequest, 'csr'>> & { csr?: Partial<CertificationRequest> };

/** The DER inside is a placeholder of the right ASN.1 type and no signature is valid. */
export const sampleRequest = ({ csr = {}, ...different }: SampleRequest = {}): EnrollmentRequest => ({
  requestKey: hash('sha256', csr.der ?? EMPTY_SEQUENCE, 'hex'),
  endpoint: '/certsrv/mscep/mscep.dll',
  transactionId: 'sample',
  signerSpki: EMPTY_SEQUENCE,
  ...different,
  csr: {
    der: EMPTY_SEQUENCE,
    subject: EMPTY_SEQUENCE,
    subjectText: 'CN=device',
    spki: EMPTY_SEQUENCE,
    key: { type: 'rsa', bits: 2048 },
    challenge: undefined,
    extensions: [],
    ...csr,
  },
});

const EMPTY_SEQUENCE = Uint8Array.of(0x30, 0x00);
