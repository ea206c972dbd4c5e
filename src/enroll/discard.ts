/** A certificate that the CA made, and that the check against the request refused. */
import { defined } from '../core/defined.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Issued } from '../core/issuer.ts';
import { type CertificateView, readCertificate, serialText } from '../pkix/certificate.ts';
import { readKey } from '../pkix/public-key.ts';
import { issuerIn } from './certificate-record.ts';
import type { Enrollment } from './identify.ts';
import { type Discarded, revokeAtIssuer } from './tell-issuer.ts';

/**
 * The CA is told to revoke it, as soon as it can be reached. Only one that this CA signed for the requested key, and that
 * is neither recorded nor one of the CA itself: an issuer that returns a wrong certificate can return one that is in use.
 * An event names every one that can be read. Returns whether the CA is told. Does not throw.
 */
export async function discard(answer: Issued, err: unknown, enrollment: Enrollment): Promise<boolean> {
  const { endpoint, services, request } = enrollment;
  const view = attempt(() => readCertificate(answer.certificate));
  if (!view) return false;
  const certificate = attempt(() => madeForRequest(answer, view, enrollment));
  const revoked =
    endpoint.revoker !== undefined && certificate !== undefined && !(await isRecorded(certificate, enrollment));
  const { transactionId } = request;
  const serial = serialText(view.serialNumber);
  services.emit({ event: 'certificate-refused', endpoint: endpoint.name, transactionId, serial, revoked, err });
  if (revoked) await revokeAtIssuer(certificate, err instanceof Error ? err.message : 'it was refused', enrollment);
  return revoked;
}

/** Throws Error when the CA did not sign it, or not for the requested key. */
function madeForRequest(
  { certificate: der, chain, reference }: Issued,
  view: CertificateView,
  { request, endpoint }: Enrollment,
): Discarded {
  const isOfCa = [...chain, ...endpoint.chain].some((ca) => equalBytes(ca, der));
  if (isOfCa || !equalBytes(readKey(view.spki).spki, request.csr.spki)) throw new Error('it is of another request');
  const { transactionId } = request;
  const { issuerId, issuer } = issuerIn(chain, view);
  return { issuerId, issuer, serial: serialText(view.serialNumber), der, transactionId, ...defined({ reference }) };
}

/** False when the store does not answer: then the revocation is not recorded either, and the CA is told at once. */
const isRecorded = async (certificate: Discarded, { services }: Enrollment): Promise<boolean> =>
  (await services.store.findCertificate(certificate).catch(() => undefined)) !== undefined;

/** Undefined when it throws: the answer of a foreign issuer can be anything. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
