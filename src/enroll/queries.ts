/** The messages that issue nothing by themselves: CertPoll, GetCert and GetCRL (RFC 8894 3.3.3, 3.3.4, 3.3.5). */
import { readCertificationRequest, withoutProof } from '../pkix/csr.ts';
import { readCertificate, serialText } from '../pkix/certificate.ts';
import type { StoredCertificate, StoredTransaction } from '../core/records.ts';
import type { ScepRequest } from '../scep/message.ts';
import type { Endpoint, EnrollmentServices } from './endpoint.ts';
import type { Outcome } from './outcome.ts';
import { keyHash, pollKey, recogniseAgain, type Recognised } from './identify.ts';

const unknown = (code: 'unknown_transaction' | 'unknown_certificate', detail: string): Outcome => ({
  kind: 'refused',
  code,
  detail,
});

/**
 * The request that a poll asks about, as if it had come again; or the refusal when the same key has none under this
 * transactionID. RFC 8894 4.4.
 */
export async function polled(
  scep: ScepRequest,
  signedBy: StoredCertificate | undefined,
  endpoint: Endpoint,
  { store }: EnrollmentServices,
): Promise<Recognised | Outcome> {
  const signer = keyHash(scep.replyTo.signerKey.spki);
  const mine = await store.findPolled(pollKey(endpoint.name, scep.header.transactionId, signer));
  if (!mine) return unknown('unknown_transaction', 'no transaction of this key');
  if (!mine.csr) return decided(mine);
  const csr = withoutProof(readCertificationRequest(mine.csr));
  const again = recogniseAgain(scep, csr, signedBy, endpoint);
  if (again.transaction.key === mine.key) return again;
  // Signed with the same key under another certificate: what the request renews is what its own signer was.
  const { request, transaction } = recogniseAgain(scep, csr, undefined, endpoint);
  return { request, transaction: { ...transaction, key: mine.key } };
}

/** A transaction whose request is erased: it is over, one way or the other. */
function decided({ state, certificate }: StoredTransaction): Outcome {
  if (certificate?.state === 'delivered') return { kind: 'issued', certificate, repeat: true };
  if (certificate?.state === 'issued') return { kind: 'pending', reason: 'notification' };
  if (state === 'rejected') return { kind: 'refused', code: 'rejected', detail: 'rejected by an administrator' };
  if (state === 'issued') return { kind: 'refused', code: 'rejected', detail: 'the certificate is revoked' };
  return { kind: 'refused', code: 'policy_unreachable', detail: 'the challenge has expired while the request waited' };
}

/**
 * A certificate by its serial number, for the key that it certifies or a certificate of ours for the same subject. One
 * that exists and is not the client's is as unknown as one that does not exist.
 */
export async function certificateFor(
  scep: ScepRequest & { content: { type: 'get-certificate' } },
  signedBy: StoredCertificate | undefined,
  { store, clock }: EnrollmentServices,
): Promise<Outcome> {
  // Asked whether there is a number or not: that the envelope could be read must not be seen in the time.
  const { serialNumber = NOBODYS } = scep.content;
  const certificate = await store.findCertificate(serialText(serialNumber));
  const own =
    certificate?.state === 'delivered' &&
    (certifies(certificate.der, scep.replyTo.signerKey.spki) ||
      (signedBy !== undefined && sameHolder(signedBy, certificate, clock())));
  if (!own) return unknown('unknown_certificate', 'no certificate with this serial number that belongs to the signer');
  return { kind: 'found', certificates: [certificate.der], crls: [], facts: { serial: certificate.serial } };
}

/** A serial number that no certificate has: RFC 5280 4.1.2.2 wants them positive. */
const NOBODYS = new Uint8Array(16);

const certifies = (der: Uint8Array, spki: Uint8Array): boolean => Buffer.compare(readCertificate(der).spki, spki) === 0;

/** Two endpoints may give one name to two devices, and certificates without a subject have no name in common. */
const sameHolder = (live: StoredCertificate, { endpoint, subject }: StoredCertificate, now: Date): boolean =>
  live.state === 'delivered' &&
  live.notAfter > now &&
  live.endpoint === endpoint &&
  live.subject === subject &&
  subject !== '';

/** The CRL is public: it is the same for whoever asks and however they name the issuer. */
export async function currentCrl({ crl }: Endpoint): Promise<Outcome> {
  if (!crl) return unknown('unknown_certificate', 'this endpoint has no CRL');
  return { kind: 'found', certificates: [], crls: [await crl()] };
}
