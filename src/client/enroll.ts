/** A SCEP enrolment from a new key to a verified certificate: what `openndes enroll` and the tests run. */
import { createHash } from 'node:crypto';
import { issuerAndSerialNumber } from '../cms/signed-data.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Extension } from '../core/request.ts';
import type { KeyProvider } from '../core/keys.ts';
import { certificateSignature, readCertificate } from '../pkix/certificate.ts';
import { writeCertificationRequest } from '../pkix/csr.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { verifySignature } from '../pkix/signature.ts';
import { type ClientSigner, issuerAndSubject, selfSigned, writeRequest } from './request-message.ts';
import { type CertRep, readCertRep, readingReply, ReplyError } from './reply.ts';
import {
  chooseAlgorithms,
  type Fetch,
  getCaCertificates,
  getCapabilities,
  isCa,
  pkiOperation,
  recipientOf,
} from './ca-operations.ts';

/** What this client takes from its surroundings. `step` hears of each stage as it ends. */
export type ClientContext = { fetch: Fetch; clock: Clock; random: RandomBytes; step?: (words: string) => void };

/** A server as it described itself. */
export type ScepServer = { url: string; capabilities: Set<string>; certificates: Uint8Array[]; recipient: Uint8Array };

/** Asks for capabilities and CA certificates. Throws ServerError. */
export async function discover(url: string, { fetch, step }: ClientContext): Promise<ScepServer> {
  const capabilities = await getCapabilities(fetch, url);
  step?.(`GetCACaps: ${[...capabilities].join(' ')}`);
  const certificates = await getCaCertificates(fetch, url);
  step?.(`GetCACert: ${certificates.length} certificates`);
  return { url, capabilities, certificates, recipient: recipientOf(certificates) };
}

/** What to ask for, and who signs. */
export type EnrolPlan = {
  /** Name, DER. */
  subject: Uint8Array;
  extensions?: readonly Extension[];
  challenge?: string;
  key: KeyProvider;
  /** A live certificate and its key: renewal. Absent: a self-signed certificate of the new key signs. */
  signer?: ClientSigner;
  /** The certification request, DER, of an earlier run, to be sent again octet for octet. Absent: it is written. */
  csr?: Uint8Array;
};

/** The reply, and the transactionID under which it was asked for. */
export type Enrolled = CertRep & { transactionId: string };

/** Sends one PKCSReq, or RenewalReq with a `signer`, and verifies the reply. Throws ServerError and ReplyError. */
export async function enroll(server: ScepServer, plan: EnrolPlan, context: ClientContext): Promise<Enrolled> {
  const content = plan.csr ?? (await writeCertificationRequest(plan, plan.key));
  return certified(server, plan, { messageType: plan.signer ? 'RenewalReq' : 'PKCSReq', content }, context);
}

/**
 * Asks what became of the request of this key, which must be signed as the request was. Throws ServerError and
 * ReplyError. RFC 8894 3.3.3.
 */
export function poll(server: ScepServer, plan: EnrolPlan, context: ClientContext): Promise<Enrolled> {
  const content = issuerAndSubject(issuerOf(server), plan.subject);
  return certified(server, plan, { messageType: 'CertPoll', content }, context);
}

/** Sends one message about the certificate of a plan, and believes no certificate but the one that was asked for. */
async function certified(
  server: ScepServer,
  { key, subject, signer }: EnrolPlan,
  message: Pick<ScepExchange, 'messageType' | 'content'>,
  context: ClientContext,
): Promise<Enrolled> {
  const { random, clock, step } = context;
  const signedBy = signer ?? { certificate: await selfSigned(key, subject, clock, random), key };
  const reply = await exchange(server, { ...message, signer: signedBy, keyOf: key.spki }, context);
  if (reply.status === 'success') await readingReply(() => verifyIssued(reply.certificates[0], key, server));
  step?.(`CertRep: ${reply.status}`);
  return reply;
}

/** What GetCert and GetCRL name: a certificate of the server's CA. */
export type LookupPlan = { serialNumber: Uint8Array; signer: ClientSigner };

/** Asks for a certificate by its serial number. Throws ServerError and ReplyError. RFC 8894 3.3.4. */
export const getCertificate = (server: ScepServer, plan: LookupPlan, context: ClientContext): Promise<Enrolled> =>
  lookUp('GetCert', server, plan, context);

/** Asks for the CRL on which the certificate would be. Throws ServerError and ReplyError. RFC 8894 3.3.5. */
export const getCrl = (server: ScepServer, plan: LookupPlan, context: ClientContext): Promise<Enrolled> =>
  lookUp('GetCRL', server, plan, context);

const lookUp = (
  messageType: 'GetCert' | 'GetCRL',
  server: ScepServer,
  { serialNumber, signer }: LookupPlan,
  context: ClientContext,
): Promise<Enrolled> =>
  exchange(
    server,
    {
      messageType,
      content: issuerAndSerialNumber({ issuer: issuerOf(server), serialNumber }),
      signer,
      keyOf: signer.key.spki,
    },
    context,
  );

/** The CA: the recipient is its RA, or the CA itself. */
function issuerOf({ recipient }: ScepServer): Uint8Array {
  const { subject, issuer } = readCertificate(recipient);
  return isCa(recipient) ? subject : issuer;
}

export type ScepExchange = {
  messageType: 'PKCSReq' | 'RenewalReq' | 'CertPoll' | 'GetCert' | 'GetCRL';
  content: Uint8Array;
  signer: ClientSigner;
  /** SubjectPublicKeyInfo that names the transaction. */
  keyOf: Uint8Array;
};

/** Sends one message and reads the reply to it. */
export async function exchange(
  server: ScepServer,
  { messageType, content, signer, keyOf }: ScepExchange,
  { fetch, random }: ClientContext,
): Promise<Enrolled> {
  const transactionId = transactionIdOf(keyOf);
  const senderNonce = random(16);
  const message = await writeRequest({
    messageType,
    transactionId,
    senderNonce,
    content,
    signer,
    recipient: server.recipient,
    transport: { scheme: 'pkcs1' },
    random,
    ...chooseAlgorithms(server.capabilities),
  });
  const post = server.capabilities.has('POSTPKIOperation') || server.capabilities.has('SCEPStandard');
  const bytes = await pkiOperation(fetch, server.url, message, post);
  const reply = await readCertRep(bytes, { transactionId, senderNonce, trusted: server.certificates, signer, random });
  return { ...reply, transactionId };
}

/** RFC 8894 3.2.1.1: derived from the key, so that a repeat of the request belongs to the same transaction. */
const transactionIdOf = (spki: Uint8Array): string =>
  createHash('sha256').update(spki).digest('hex').toUpperCase().slice(0, 40);

/** The certificate must be for our key and signed by a CA of the bundle. */
function verifyIssued(der: Uint8Array | undefined, key: KeyProvider, server: ScepServer): void {
  if (!der) throw new ReplyError('the reply says success and holds no certificate');
  const certificate = readCertificate(der);
  if (Buffer.compare(certificate.spki, key.spki) !== 0) throw new ReplyError('the certificate is for another key');
  const { algorithm, signature } = certificateSignature(certificate);
  const issuers = server.certificates
    .map(readCertificate)
    .filter((ca) => Buffer.compare(ca.subject, certificate.issuer) === 0);
  const signed = issuers.some(
    ({ spki }) =>
      algorithm && verifySignature({ algorithm, key: readPublicKey(spki).key, data: certificate.tbs, signature }),
  );
  if (!signed) throw new ReplyError('no CA of GetCACert has signed the certificate');
}
