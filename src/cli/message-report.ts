/**
 * Describes a captured message. pkijs names the algorithms; it shares no code with the server, so a message that only one
 * of the two can read points to a fault. Attributes, certificates and the content of the envelope are read as the server
 * reads them. Secrets are named and never shown.
 */
import { ContentInfo, EnvelopedData, type KeyTransRecipientInfo, SignedData } from 'pkijs';
import { berToDer } from '../asn1/ber.ts';
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader, type Element } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { chooseRecipient, openEnvelopedData, readEnvelopedData, type RecipientKey } from '../cms/enveloped-data.ts';
import { type Attributes, singleValue } from '../cms/attributes.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { readSignedData, type SignedData as OwnSignedData } from '../cms/signed-data.ts';
import { equalBytes } from '../core/bytes.ts';
import { ConfigError } from '../core/errors.ts';
import { messageFromBody, messageFromQuery } from '../http/message-decoding.ts';
import { queryValue } from '../http/query.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import { readCertificate, readValidity, serialText, thumbprint } from '../pkix/certificate.ts';
import { readCertificationRequest } from '../pkix/csr.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { SCEP_ATTRIBUTE } from '../scep/message-attributes.ts';
import { MESSAGE_TYPES } from '../scep/message.ts';
import { systemRandom } from '../embed/system.ts';

type ReportLines = Record<string, unknown>;

/** Facts by name, nested. `recipients`: RA keys to decrypt the envelope with; without them it stays closed. Throws ConfigError. */
export async function explain(captured: Uint8Array, recipients: readonly RecipientKey[]): Promise<ReportLines> {
  const message = decode(captured);
  try {
    return message.certificate ?? (await explainMessage(message.bytes, recipients));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new ConfigError(
      `this is not a SCEP message: ${why}`,
      'Capture the body of the POST, or the whole URL of the GET.',
      { cause },
    );
  }
}

function decode(captured: Uint8Array): { bytes: Uint8Array; certificate?: ReportLines } {
  const text = Buffer.from(captured.subarray(0, 200_000)).toString('latin1').trim();
  const query = /[?&]message=/i.test(text)
    ? queryValue(text.split(/\s/).find((word) => word.includes('message=')) ?? '', 'message')
    : undefined;
  const bytes = query === undefined ? messageFromBody(captured) : messageFromQuery(query);
  try {
    return { bytes, certificate: { certificate: certificateFacts(bytes) } };
  } catch {
    // Not a certificate but a message, as most captures are. It is read next, with its own errors.
    return { bytes };
  }
}

async function explainMessage(bytes: Uint8Array, recipients: readonly RecipientKey[]): Promise<ReportLines> {
  const { der, consumed } = berToDer(bytes);
  const content = ContentInfo.fromBER(Uint8Array.from(der));
  const signed = new SignedData({ schema: content.content });
  const own = readDerOrBer(bytes, readSignedData);
  return {
    encoding: equalBytes(der, bytes.subarray(0, consumed)) ? 'DER' : 'BER',
    octets: bytes.length,
    ...(consumed < bytes.length && { octetsAfterIt: bytes.length - consumed }),
    signers: signed.signerInfos.map((info, index) => ({
      digestAlgorithm: info.digestAlgorithm.algorithmId,
      signatureAlgorithm: info.signatureAlgorithm.algorithmId,
      ...attributeFacts(own.signers[index]?.attributes ?? new Map()),
    })),
    certificates: own.certificates.map(certificateFacts),
    content: hasEnvelope(own) ? await envelopeFacts(own.message, messageTypeOf(own), recipients) : 'none',
  };
}

/** FAILURE and PENDING have no content, an empty one, or one octet 0x00 as this server and NDES send it. */
const hasEnvelope = (own: OwnSignedData): own is OwnSignedData & { message: Uint8Array } =>
  own.message !== undefined && own.message.length > 1;

/** The name of the message type, or its number when it is unknown. */
function messageTypeOf({ signers }: OwnSignedData): string {
  const value = signers[0] && singleValue(signers[0].attributes, SCEP_ATTRIBUTE.messageType);
  const number = value ? DerReader.over(value.der).string() : '';
  return MESSAGE_TYPES[number] ?? number;
}

const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(SCEP_ATTRIBUTE).map(([name, id]) => [id, name]),
);

function attributeFacts(attributes: Attributes): ReportLines {
  return Object.fromEntries(
    [...attributes].map(([type, values]) => [
      ATTRIBUTE_NAMES.get(type) ?? type,
      values.map((value) => attributeText(type, value)).join(', '),
    ]),
  );
}

function attributeText(type: string, { tag, der, content }: Element): string {
  if (tag !== TAG.printableString && tag !== TAG.utf8String) return Buffer.from(content).toString('hex');
  const text = DerReader.over(der).string();
  return type === SCEP_ATTRIBUTE.messageType ? `${text} (${MESSAGE_TYPES[text] ?? 'unknown'})` : text;
}

function certificateFacts(der: Uint8Array): ReportLines {
  const view = readCertificate(der);
  const { notBefore, notAfter } = readValidity(view);
  return {
    subject: nameText(view.subject),
    issuer: nameText(view.issuer),
    serial: serialText(view.serialNumber),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    thumbprint: thumbprint(der),
  };
}

async function envelopeFacts(
  message: Uint8Array,
  messageType: string,
  recipients: readonly RecipientKey[],
): Promise<ReportLines> {
  const content = ContentInfo.fromBER(Uint8Array.from(berToDer(message).der));
  const enveloped = new EnvelopedData({ schema: content.content });
  return {
    contentEncryption: enveloped.encryptedContentInfo.contentEncryptionAlgorithm.algorithmId,
    recipients: enveloped.recipientInfos.map(
      ({ value }) => (value as KeyTransRecipientInfo).keyEncryptionAlgorithm?.algorithmId ?? 'not key transport',
    ),
    inside: recipients.length
      ? await insideFacts(message, messageType, recipients)
      : 'closed; --config names the keys that open it',
  };
}

const OTHER_KEY = 'not encrypted to a key of this configuration';
const NO_REQUEST = 'no certification request: encrypted to another key, or damaged';

async function insideFacts(
  message: Uint8Array,
  messageType: string,
  recipients: readonly RecipientKey[],
): Promise<ReportLines | string> {
  // A reply is encrypted to its requester. With another key it decrypts to random octets (implicit rejection).
  const plaintext = messageType === 'CertRep' ? undefined : await decrypted(message, recipients);
  if (!plaintext) return OTHER_KEY;
  if (messageType !== 'PKCSReq' && messageType !== 'RenewalReq') return `${plaintext.length} octets`;
  return catchDerError<ReportLines, ReportLines | string>(
    () => requestFacts(plaintext),
    (error) => (error instanceof UnsupportedAlgorithm ? `certification request: ${error.message}` : NO_REQUEST),
  );
}

/** The content; undefined when no recipient of the envelope is one of these keys. */
async function decrypted(message: Uint8Array, recipients: readonly RecipientKey[]): Promise<Uint8Array | undefined> {
  const enveloped = readDerOrBer(message, readEnvelopedData);
  const chosen = chooseRecipient(enveloped, recipients);
  const transport = chosen?.recipient.transport;
  const { cipher } = enveloped;
  if (!cipher || !chosen || !transport) return undefined;
  const addressed = { recipient: { ...chosen.recipient, transport }, key: chosen.key };
  return unlessDerError(() => openEnvelopedData({ ...enveloped, cipher }, addressed, systemRandom));
}

async function unlessDerError<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function requestFacts(plaintext: Uint8Array): ReportLines {
  const csr = readCertificationRequest(plaintext);
  const names = findExtension(csr.extensions, OID.subjectAltName);
  return {
    subject: csr.subjectText,
    key: `${csr.key.type} ${csr.key.bits}`,
    subjectAltName: names
      ? readGeneralNames(names.value)
          .map(({ type, text }) => `${type}:${text}`)
          .join(', ')
      : 'none',
    extensions: csr.extensions.map(({ oid }) => oid).join(', ') || 'none',
    challengePassword: csr.challenge === undefined ? 'none' : `present, ${csr.challenge.length} characters (not shown)`,
  };
}
