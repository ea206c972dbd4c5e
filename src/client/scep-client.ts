/** SCEP enrolment from a new key to a verified certificate, for `openndes enroll` and tests. */
import { createHash } from 'node:crypto';
import { catchDerError } from '../asn1/limits.ts';
import { issuerAndSerialNumber } from '../cms/signed-data.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Extension } from '../core/request.ts';
import type { KeyProvider } from '../core/keys.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import { certificateSignature, readCertificate } from '../pkix/certificate.ts';
import { isMlDsa } from '../pkix/ml-dsa.ts';
import { nameText } from '../pkix/name.ts';
import { readCertificationRequest, writeCertificationRequest } from '../pkix/csr.ts';
import { verifySignature } from '../pkix/signature.ts';
import { caKey, unsupportedKeys } from './ca-key.ts';
import { type ClientSigner, issuerAndSubject, selfSigned, writeRequest } from './request-message.ts';
import { type CertRep, readCertRep, readingReply, ReplyError } from './reply.ts';
import {
  chooseAlgorithms,
  type Fetch,
  getCaCertificates,
  getCapabilities,
  isCa,
  isKem,
  pkiOperation,
  recipientOf,
  ServerError,
} from './ca-operations.ts';

/** The dependencies of the client. `step` is called with a description of each step after it. */
export type ClientContext = { fetch: Fetch; clock: Clock; random: RandomBytes; step?: (description: string) => void };

/**
 * What a server told about itself. `certificates` are those of GetCACert, DER; messages are encrypted to `recipient`.
 * `nullWrap`: to an EC key as BouncyCastle for .NET reads them, see `keyWrapAlgorithm`. `oaep`: content keys go to an RSA key with
 * RSAES-OAEP and SHA-256, and not with PKCS#1 v1.5.
 * `get`: messages are sent by GET, also when the server takes POST.
 */
export type ScepServer = {
  url: string;
  capabilities: Set<string>;
  certificates: Uint8Array[];
  recipient: Uint8Array;
  get?: boolean;
  nullWrap?: boolean;
  oaep?: boolean;
};

/** Sends GetCACaps and GetCACert. Throws ServerError. */
export async function discover(url: string, { fetch, step }: ClientContext): Promise<ScepServer> {
  const capabilities = await getCapabilities(fetch, url);
  step?.(`GetCACaps: ${[...capabilities].join(' ')}`);
  const certificates = await getCaCertificates(fetch, url);
  step?.(`GetCACert: ${certificates.length} certificates`);
  return { url, capabilities, certificates, recipient: usable(recipientOf(certificates)) };
}

/** The certificate to encrypt to. Throws ServerError when its type of key is not supported, or only signs. */
function usable(recipient: Uint8Array): Uint8Array {
  if (isKem(recipient)) return recipient;
  const fault = unsupportedKeys([recipient])[0] ?? onlySigns(recipient);
  if (fault === undefined) return recipient;
  throw new ServerError(`${fault}. Messages to this server cannot be encrypted: it needs an RA with an RSA key`);
}

/** What is said of a certificate, DER, whose key cannot be encrypted to; undefined of another one. */
function onlySigns(der: Uint8Array): string | undefined {
  const { type } = caKey(der).kind;
  return type === 'rsa' || type === 'ec'
    ? undefined
    : `GetCACert, ${nameText(readCertificate(der).subject)}: a key of type ${type} only signs`;
}

/** What to request, and the key that signs the message. */
export type EnrollmentPlan = {
  /** Name, DER. */
  subject: Uint8Array;
  extensions?: readonly Extension[];
  challenge?: string;
  key: KeyProvider;
  /**
   * For a renewal: the valid certificate and its key. Absent: a self-signed certificate of the new key (RFC 8894 2.3).
   */
  signer?: ClientSigner;
  /** Signs the first request in the place of `key`, to which no reply can be encrypted: an RSA key for this purpose alone. */
  transient?: KeyProvider;
  /** The certification request of an earlier run, DER, to send unchanged. Absent: a new one is written. */
  csr?: Uint8Array;
};

/** The reply, and the transactionID of its request. */
export type Enrolled = CertRep & { transactionId: string };

/**
 * Sends a PKCSReq, or with `signer` a RenewalReq, and verifies the reply. Throws ServerError, ReplyError. RFC 8894
 * 3.3.1.
 */
export async function enroll(server: ScepServer, plan: EnrollmentPlan, context: ClientContext): Promise<Enrolled> {
  const content = plan.csr ?? (await writeCertificationRequest(plan, plan.key));
  const challenge = challengeIn(content);
  return certified(server, plan, { messageType: plan.signer ? 'RenewalReq' : 'PKCSReq', content, challenge }, context);
}

/**
 * Sends a CertPoll for a pending request (RFC 8894 3.3.3), with the same key and `signer` as that request. Throws
 * ServerError, ReplyError.
 */
export function poll(server: ScepServer, plan: EnrollmentPlan, context: ClientContext): Promise<Enrolled> {
  const content = issuerAndSubject(issuerOf(server), plan.subject);
  const challenge = plan.csr ? challengeIn(plan.csr) : plan.challenge;
  return certified(server, plan, { messageType: 'CertPoll', content, challenge }, context);
}

/** Undefined also for a request that this product cannot read; then the server decides. */
const challengeIn = (csr: Uint8Array): string | undefined =>
  catchDerError(
    () => readCertificationRequest(csr).challenge,
    () => undefined,
  );

/**
 * Sends one message about the certificate of a plan, and checks that a certificate in the reply is the requested one.
 */
async function certified(
  server: ScepServer,
  { key, subject, signer, transient = key }: EnrollmentPlan,
  message: Pick<ScepExchange, 'messageType' | 'content' | 'challenge'>,
  context: ClientContext,
): Promise<Enrolled> {
  const { random, clock, step } = context;
  const signedBy = signer ?? { certificate: await selfSigned(transient, subject, clock, random), key: transient };
  const reply = await exchange(server, { ...message, signer: signedBy, keyOf: key.spki }, context);
  if (reply.status === 'success') await readingReply(() => verifyIssued(reply.certificates[0], key, server));
  step?.(`CertRep: ${reply.status}`);
  return reply;
}

/** A certificate of the server's CA, by its serial number (content octets), and the signer of the message. */
export type LookupPlan = { serialNumber: Uint8Array; signer: ClientSigner };

/** Sends a GetCert for the certificate with this serial number. Throws ServerError, ReplyError. RFC 8894 3.3.4. */
export const getCertificate = (server: ScepServer, plan: LookupPlan, context: ClientContext): Promise<Enrolled> =>
  lookUp('GetCert', server, plan, context);

/** Sends a GetCRL for the CRL that covers the certificate. Throws ServerError, ReplyError. RFC 8894 3.3.4. */
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

/** The subject of the CA: the recipient is the CA itself, or its RA. */
function issuerOf({ recipient }: ScepServer): Uint8Array {
  const { subject, issuer } = readCertificate(recipient);
  return isCa(recipient) ? subject : issuer;
}

/** One message to a server. `content` is the messageData, DER. */
export type ScepExchange = {
  messageType: 'PKCSReq' | 'RenewalReq' | 'CertPoll' | 'GetCert' | 'GetCRL';
  content: Uint8Array;
  signer: ClientSigner;
  /** SubjectPublicKeyInfo, DER, from which the transactionID is derived. */
  keyOf: Uint8Array;
  /** The challenge of the request: the reply may be encrypted with it. */
  challenge?: string | undefined;
};

/** Sends one message and verifies the reply. Throws ServerError, ReplyError. */
export async function exchange(
  server: ScepServer,
  { messageType, content, signer, keyOf, challenge }: ScepExchange,
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
    nullWrap: server.nullWrap ?? false,
    transport: server.oaep ? { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' } : { scheme: 'pkcs1' },
    random,
    ...chooseAlgorithms(server.capabilities),
    // RFC 9936 2.2.1: an encapsulated key is worth AES-256.
    ...(isKem(server.recipient) && { cipher: 'aes-256-cbc' }),
    // RFC 9882 3.3: every reader of ML-DSA signatures knows SHA-512.
    ...(isMlDsa(signer.key.kind.type) && { digest: 'sha512' as const }),
  });
  const takesPost = server.capabilities.has('POSTPKIOperation') || server.capabilities.has('SCEPStandard');
  const bytes = await pkiOperation(fetch, server.url, message, takesPost && !server.get);
  const trusted = server.certificates;
  const reply = await readCertRep(bytes, { transactionId, senderNonce, trusted, signer, random, challenge });
  return { ...reply, transactionId };
}

/** RFC 8894 3.2.1.1: derived from the key, so that a repeated request belongs to the same transaction. */
const transactionIdOf = (spki: Uint8Array): string =>
  createHash('sha256').update(spki).digest('hex').toUpperCase().slice(0, 40);

/** The certificate must be for the requested key, and signed by a CA of GetCACert. */
function verifyIssued(der: Uint8Array | undefined, key: KeyProvider, server: ScepServer): void {
  if (!der) throw new ReplyError('the reply says SUCCESS and holds no certificate');
  const certificate = readCertificate(der);
  if (!equalBytes(certificate.spki, key.spki)) throw new ReplyError('the certificate is for another key');
  const { algorithm, oid, signature } = certificateSignature(certificate);
  if (!algorithm) throw new UnsupportedAlgorithm('the signature algorithm of the certificate', oid);
  const issuers = server.certificates.filter((ca) => equalBytes(readCertificate(ca).subject, certificate.issuer));
  const signed = issuers.some((ca) =>
    verifySignature({ algorithm, key: caKey(ca).key, data: certificate.tbs, signature }),
  );
  if (!signed) throw new ReplyError('no CA of GetCACert signed the certificate');
}
