/** A SCEP enrolment from a new key to a verified certificate: what `openndes enroll` and the tests run. */
import { createHash } from 'node:crypto';
import type { Clock, Extension, KeyProvider, RandomBytes } from '../core/contracts.ts';
import { certificateSignature, readCertificate } from '../pkix/certificate.ts';
import { writeCertificationRequest } from '../pkix/csr.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { verifySignature } from '../pkix/signature.ts';
import { type ClientSigner, selfSigned, writeRequest } from './message.ts';
import { type CertRep, readCertRep, readingReply, ReplyError } from './reply.ts';
import {
  chooseAlgorithms,
  type Fetch,
  getCaCertificates,
  getCapabilities,
  pkiOperation,
  recipientOf,
} from './server.ts';

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

export type EnrolPlan = {
  /** Name, DER. */
  subject: Uint8Array;
  extensions?: readonly Extension[];
  challenge?: string;
  key: KeyProvider;
  /** A live certificate and its key: renewal. Absent: a self-signed certificate of the new key signs. */
  signer?: ClientSigner;
};

export type Enrolled = CertRep & { transactionId: string };

/** Sends one PKCSReq, or RenewalReq with a `signer`, and verifies the reply. Throws ServerError and ReplyError. */
export async function enrol(server: ScepServer, plan: EnrolPlan, context: ClientContext): Promise<Enrolled> {
  const { random, clock, step } = context;
  const csr = await writeCertificationRequest(plan, plan.key);
  const signer = plan.signer ?? { certificate: await selfSigned(plan.key, plan.subject, clock, random), key: plan.key };
  const reply = await exchange(
    server,
    { messageType: plan.signer ? 'RenewalReq' : 'PKCSReq', content: csr, signer, keyOf: plan.key.spki },
    context,
  );
  if (reply.status === 'success') await readingReply(() => verifyIssued(reply.certificates[0], plan.key, server));
  step?.(`CertRep: ${reply.status}`);
  return reply;
}

export type Exchange = {
  messageType: 'PKCSReq' | 'RenewalReq' | 'CertPoll' | 'GetCert' | 'GetCRL';
  content: Uint8Array;
  signer: ClientSigner;
  /** SubjectPublicKeyInfo that names the transaction. */
  keyOf: Uint8Array;
};

/** Sends one message and reads the reply to it. */
export async function exchange(
  server: ScepServer,
  { messageType, content, signer, keyOf }: Exchange,
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
    (ca) => algorithm && verifySignature(algorithm, readPublicKey(ca.spki).key, certificate.tbs, signature),
  );
  if (!signed) throw new ReplyError('no CA of GetCACert has signed the certificate');
}
