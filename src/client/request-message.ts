/** Writes the messages of a SCEP client (RFC 8894 3.3). */
import { encode, octetString, printableString } from '../asn1/writer.ts';
import { attributeType, writeAttribute } from '../cms/attributes.ts';
import { cipherByName } from '../cms/algorithms.ts';
import { writeEnvelopedData } from '../cms/enveloped-data.ts';
import { writeSignedData } from '../cms/signed-data.ts';
import { TAG } from '../asn1/tags.ts';
import { DAY } from '../core/durations.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import type { Digest, KeyProvider, KeyTransport } from '../core/keys.ts';
import { readCertificate, writeCertificate } from '../pkix/certificate.ts';
import { hasMlKemKey, readMlKemKey } from '../pkix/ml-kem.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { SCEP_ATTRIBUTE } from '../scep/message-attributes.ts';
import { MESSAGE_TYPES } from '../scep/message.ts';

/** The key that signs a message, and its certificate, DER. For a first enrolment the certificate is self-signed. */
export type ClientSigner = { certificate: Uint8Array; key: KeyProvider };

/** The contents of one pkiMessage from a client. */
export type RequestMessage = {
  messageType: 'PKCSReq' | 'RenewalReq' | 'CertPoll' | 'GetCert' | 'GetCRL';
  /** In the alphabet of PrintableString, RFC 8894 3.2.1.1. */
  transactionId: string;
  /** 16 octets, RFC 8894 3.2.1.5. */
  senderNonce: Uint8Array;
  /** The messageData: a CSR, an IssuerAndSubject or an IssuerAndSerialNumber, DER. */
  content: Uint8Array;
  signer: ClientSigner;
  /** The RA certificate, DER, to which the content is encrypted. */
  recipient: Uint8Array;
  /** For an RA with an EC key: the key wrap has NULL parameters, see `keyWrapAlgorithm`. */
  nullWrap?: boolean;
  digest: Digest;
  /** The name of the content cipher in node:crypto. */
  cipher: string;
  transport: KeyTransport;
  random: RandomBytes;
};

/** A pkiMessage, DER. Throws TypeError for a cipher that is not supported. RFC 8894 3.2. */
export function writeRequest(message: RequestMessage): Promise<Uint8Array> {
  const { recipient, random, transport, content, nullWrap = false } = message;
  const cipher = cipherByName(message.cipher);
  if (!cipher) throw new TypeError(`unknown cipher ${message.cipher}`);
  const certificate = readCertificate(recipient);
  const key = hasMlKemKey(certificate.spki) ? readMlKemKey(certificate.spki) : readPublicKey(certificate.spki);
  return writeSignedData({
    content: writeEnvelopedData({ content, recipient: { certificate, key }, transport, cipher, random, nullWrap }),
    attributes: [
      attribute(SCEP_ATTRIBUTE.messageType, printableString(messageTypeNumber(message.messageType))),
      attribute(SCEP_ATTRIBUTE.transactionId, printableString(message.transactionId)),
      attribute(SCEP_ATTRIBUTE.senderNonce, octetString(message.senderNonce)),
    ],
    digest: message.digest,
    signer: { certificate: readCertificate(message.signer.certificate), key: message.signer.key },
    certificates: [message.signer.certificate],
  });
}

const attribute = (id: string, value: Uint8Array): Uint8Array => writeAttribute(attributeType(id), value);

const messageTypeNumber = (name: string): string =>
  Object.keys(MESSAGE_TYPES).find((number) => MESSAGE_TYPES[number] === name)!;

/** A self-signed certificate, DER, valid for a week: it signs the first request of a new key. RFC 8894 2.3. */
export async function selfSigned(
  key: KeyProvider,
  subject: Uint8Array,
  clock: Clock,
  random: RandomBytes,
): Promise<Uint8Array> {
  const now = clock().getTime();
  return writeCertificate(
    {
      serialNumber: random(16),
      issuer: subject,
      subject,
      notBefore: new Date(now - DAY),
      notAfter: new Date(now + 7 * DAY),
      spki: key.spki,
      extensions: [],
    },
    key,
  );
}

/** IssuerAndSubject, DER, the messageData of CertPoll, from two Names, DER. RFC 8894 3.3.3. */
export const issuerAndSubject = (issuer: Uint8Array, subject: Uint8Array): Uint8Array =>
  encode(TAG.sequence, issuer, subject);
