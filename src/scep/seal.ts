/** Writes a reply as CertRep (RFC 8894 3.3.2). A pure function of plain data, random octets and the RA's keys. */
import { octetString, printableString, utf8String } from '../asn1/writer.ts';
import { attributeType, writeAttribute } from '../cms/attributes.ts';
import { cipherByName } from '../cms/algorithms.ts';
import { writeEnvelopedData } from '../cms/enveloped-data.ts';
import { transportCapacity } from '../cms/key-transport.ts';
import { writeDegenerate, writeSignedData } from '../cms/signed-data.ts';
import type { KeyTransport } from '../core/keys.ts';
import type { RandomBytes } from '../core/environment.ts';
import { FAIL_INFO, REFUSALS } from '../core/errors.ts';
import { SCEP_ATTRIBUTE } from './message-attributes.ts';
import type { MessageHeader, Reply } from './message.ts';
import type { MessageRules } from './open-context.ts';
import type { RegistrationAuthority } from './registration-authority.ts';

/** What a CertRep is made from. `rules`: those of the endpoint; the usual form without. */
export type SealPlan = {
  header: MessageHeader;
  reply: Reply;
  ra: RegistrationAuthority;
  random: RandomBytes;
  rules?: Pick<MessageRules, 'legacy' | 'emptyContent'>;
};

const TYPE = Object.fromEntries(
  Object.entries(SCEP_ATTRIBUTE).map(([name, id]) => [name, attributeType(id)]),
) as Record<keyof typeof SCEP_ATTRIBUTE, Uint8Array>;
const CERT_REP = writeAttribute(TYPE.messageType, printableString('3'));
const STATUS = { success: '0', failure: '2', pending: '3' } as const;
/**
 * The content of FAILURE and PENDING, as NDES sends it. RFC 8894 3.3.2.2 and 3.3.2.3 demand no pkcsPKIEnvelope. Absent
 * eContent is not verified by OpenSSL and certmonger; an empty one is not read by GnuTLS, NSS and wolfSSL.
 */
const NO_ENVELOPE = Uint8Array.of(0);

/** CertRep, DER. It always includes the RA certificate, even in FAILURE: OpenSSL and sscep look for it there. */
export function seal({ header, reply, ra, random, rules }: SealPlan): Promise<Uint8Array> {
  const noEnvelope = rules?.emptyContent === 'absent' ? undefined : NO_ENVELOPE;
  return writeSignedData({
    content: reply.status === 'success' ? envelope(reply, random, rules?.legacy.has('null-wrap')) : noEnvelope,
    attributes: [
      CERT_REP,
      writeAttribute(TYPE.pkiStatus, printableString(STATUS[reply.status])),
      writeAttribute(TYPE.transactionId, header.transactionIdDer),
      // A new one in every reply, even to a repeat: jscep refuses a nonce that it has seen.
      writeAttribute(TYPE.senderNonce, octetString(random(16))),
      ...(header.senderNonceDer ? [writeAttribute(TYPE.recipientNonce, header.senderNonceDer)] : []),
      ...(reply.status === 'failure' ? failureAttributes(reply) : []),
    ],
    digest: header.digest,
    signer: ra.signer,
    certificates: [ra.signer.certificate.der],
  });
}

/** By the array that holds the CRL: it is the same for every client until the next list is made. */
const CRL_CONTENTS = new WeakMap<Uint8Array, Uint8Array>();

function contentOf({ certificates, crls = [] }: Reply & { status: 'success' }): Uint8Array {
  const [crl] = crls;
  if (!crl || crls.length > 1 || certificates.length > 0) return writeDegenerate(certificates, crls);
  const content = CRL_CONTENTS.get(crl) ?? writeDegenerate([], [crl]);
  CRL_CONTENTS.set(crl, content);
  return content;
}

function envelope(reply: Reply & { status: 'success' }, random: RandomBytes, nullWrap = false): Uint8Array {
  const { signerCertificate: certificate, signerKey: key, transport } = reply.replyTo;
  const cipher = cipherByName(reply.replyTo.cipher)!;
  return writeEnvelopedData({
    content: contentOf(reply),
    recipient: { certificate, key },
    transport: replyTransport(transport, transportCapacity(key.kind, transport) >= cipher.keyBytes),
    cipher,
    random,
    nullWrap,
  });
}

/**
 * The same as in the request: PKCS#1 for PKCS#1, OAEP for OAEP. Node writes OAEP with one hash only, and the key of the
 * signer may be too short for the hash of the request. Then it is SHA-1, which all clients can read.
 */
const replyTransport = (transport: KeyTransport, fits: boolean): KeyTransport =>
  transport.scheme === 'oaep' && (!fits || transport.hash !== transport.mgf1Hash)
    ? { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' }
    : transport;

function failureAttributes({ code, text }: Reply & { status: 'failure' }): Uint8Array[] {
  const { failInfo, hresult, text: usual } = REFUSALS[code];
  return [
    writeAttribute(TYPE.failInfo, printableString(String(FAIL_INFO[failInfo]))),
    writeAttribute(TYPE.failInfoText, utf8String(text ?? usual)),
    writeAttribute(TYPE.microsoftError, printableString(String(hresult))),
  ];
}
