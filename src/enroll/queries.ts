/** The messages that issue nothing by themselves: CertPoll, GetCert and GetCRL (RFC 8894 3.3.3, 3.3.4). */
import { within } from '../core/ask.ts';
import { readCertificationRequest, withoutProof } from '../pkix/csr.ts';
import { readCertificate, serialText } from '../pkix/certificate.ts';
import { readKey } from '../pkix/public-key.ts';
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import type { StoredCertificate } from '../core/records.ts';
import { issuerIdentity } from '../pkix/issuer-id.ts';
import { sameName } from '../pkix/name.ts';
import type { Content, NamedCertificate, ScepRequest } from '../scep/message.ts';
import { finalOutcome } from './earlier-outcome.ts';
import type { Endpoint, EndpointContext, EnrollmentServices, CaWithList } from './endpoint.ts';
import { type Enrollment, identify, keyHash, orderKey, pollKey } from './identify.ts';
import type { KnownCertificate, OwnCertificate } from './renewal.ts';
import type { FoundOutcome, Outcome, RefusedOutcome } from './outcome.ts';

const unknown = (code: 'unknown_transaction' | 'unknown_certificate', detail: string): RefusedOutcome => ({
  kind: 'refused',
  code,
  detail,
});

/** What a message asks for: a run through the enrolment line, or an answer that needs none. */
export type Asked = { kind: 'enroll'; enrollment: Enrollment } | { kind: 'answer'; outcome: Outcome };

/** An answer that needs no run through the line. */
export const answer = (outcome: Outcome): Asked => ({ kind: 'answer', outcome });

/**
 * The request that a poll asks about, as if it had been sent again; refused when this key has no request under this
 * transactionID (RFC 8894 4.4).
 */
export async function resumePolledRequest(
  message: ScepRequest,
  signedBy: KnownCertificate | undefined,
  context: EndpointContext,
): Promise<Asked> {
  const { endpoint, services } = context;
  const signer = keyHash(message.replyTo.signerKey.spki);
  const polled = await services.store.findPolled(pollKey(endpoint.name, message.header.transactionId, signer));
  if (!polled) return answer(unknown('unknown_transaction', 'no transaction of this key'));
  if (!polled.csr) return answer(finalOutcome(polled));
  const csr = withoutProof(readCertificationRequest(polled.csr));
  const again = identify({ message, csr, signedBy }, context);
  if (again.transaction.request === polled.request) return { kind: 'enroll', enrollment: again };
  // The poll has the key of the request under another certificate. What the request renews is the certificate that
  // signed the request, so the certificate of the poll counts for nothing here.
  const { transaction, request, ...rest } = identify({ message, csr, signedBy: undefined }, context);
  return {
    kind: 'enroll',
    enrollment: {
      ...rest,
      request: { ...request, requestKey: orderKey(polled.request) },
      transaction: { ...transaction, key: polled.key, request: polled.request },
    },
  };
}

/**
 * A certificate by issuer and serial number, for a client with the certified key or with a certificate of the same
 * holder. The certificate of another client is answered like one that does not exist. As issuer, clients name the issuer,
 * the RA, or (sscep) the issuer of the CA certificate that they were given: any of `names`, DER, is accepted.
 */
export async function certificateFor(
  { content, replyTo }: Pick<ScepRequest, 'replyTo'> & { content: GetCertificate },
  signedBy: OwnCertificate | undefined,
  { services, names }: { services: EnrollmentServices; names: readonly Uint8Array[] },
): Promise<FoundOutcome | RefusedOutcome> {
  const { store, clock } = services;
  // Query even without a serial number, so that timing does not reveal whether decryption succeeded.
  const { serialNumber, issuer } = content.certificate ?? NO_CERTIFICATE;
  const found = await store.findCertificatesBySerial(serialText(serialNumber));
  const certificate = found.find(
    (each) =>
      each.state === 'delivered' &&
      (certifies(each.der, replyTo.signerKey.spki) ||
        (signedBy !== undefined && sameHolder(signedBy.record, each, clock()))) &&
      [readCertificate(each.der).issuer, ...names].some((name) => namesSame(name, issuer)),
  );
  if (!certificate)
    return unknown('unknown_certificate', 'no certificate with this serial number that belongs to the signer');
  return { kind: 'found', certificates: [certificate.der], crls: [], facts: { serial: certificate.serial } };
}

type GetCertificate = Content & { type: 'get-certificate' };

/** Zero is the serial number of no certificate: RFC 5280 4.1.2.2 requires positive ones. */
const NO_CERTIFICATE = { serialNumber: new Uint8Array(16), issuer: new Uint8Array(0) };

/** False also for an issuer that is no Name. */
const namesSame = (name: Uint8Array, issuer: Uint8Array): boolean =>
  catchDerError(
    () => sameName(name, issuer),
    () => false,
  );

/** False also for a key of a kind that no signer has: an imported certificate can have one. */
const certifies = (der: Uint8Array, spki: Uint8Array): boolean =>
  catchDerError(
    () => equalBytes(readKey(readCertificate(der).spki).spki, spki),
    () => false,
  );

/** The same subject means the same holder only within one endpoint, and never when it is empty. */
const sameHolder = (live: StoredCertificate, { endpoint, subject }: StoredCertificate, now: Date): boolean =>
  live.state === 'delivered' &&
  live.notAfter > now &&
  live.endpoint === endpoint &&
  live.subject === subject &&
  subject !== '';

type GetCrl = Pick<Content & { type: 'get-crl' }, 'certificate'>;

/** The earlier CA that a request names. Where several CAs have that name, the serial number says which of them it is. */
async function earlierCa(
  { issuer, serialNumber }: NamedCertificate,
  { previous = [], chain }: Endpoint,
  { store }: EnrollmentServices,
): Promise<CaWithList | undefined> {
  const isNamed = (der: Uint8Array): boolean => namesSame(readCertificate(der).subject, issuer);
  const named = previous.filter(({ certificate }) => isNamed(certificate));
  const isPresentToo = chain.slice(0, 1).some(isNamed);
  if (named.length === 0 || (named.length === 1 && !isPresentToo)) return named[0];
  const issuers = (await store.findCertificatesBySerial(serialText(serialNumber))).map(({ issuerId }) => issuerId);
  const own = named.find(({ certificate }) => issuers.includes(issuerIdentity(certificate).issuerId));
  return own ?? (isPresentToo ? undefined : named[0]);
}

/** Octets. A longer list is not encrypted and signed for each unauthenticated client; `/crl/NAME.crl` serves it as it is. */
const LONGEST_CRL = 1024 * 1024;

/**
 * CRLs are public: every client gets the same one. It is that of the present CA, whatever issuer the request names, unless
 * it names an earlier one.
 */
export async function currentCrl(
  { certificate }: GetCrl,
  { endpoint, services }: EndpointContext,
): Promise<FoundOutcome | RefusedOutcome> {
  const earlier = certificate && (await earlierCa(certificate, endpoint, services));
  const { crl } = earlier ?? endpoint;
  if (!crl) return unknown('unknown_certificate', 'this endpoint has no CRL');
  const list = await within(crl, services.deadline());
  if (list.length > LONGEST_CRL)
    return unknown(
      'unknown_certificate',
      `the CRL has ${list.length} octets, too many for GetCRL; /crl/NAME.crl has it`,
    );
  return { kind: 'found', certificates: [], crls: [list] };
}
