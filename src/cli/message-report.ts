/**
 * Describes a captured message. pkijs names the algorithms; it shares no code with the server, so a message that only one
 * of the two can read points to a fault. Attributes, certificates and the content of the envelope are read as the server
 * reads them. Secrets are named and never shown.
 */
import { ContentInfo, SignedData } from 'pkijs';
import { berToDer } from '../asn1/ber.ts';
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import type { Attributes } from '../cms/attributes.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { readSignedData, type SignedData as OwnSignedData, type SignerInfo, verifySigner } from '../cms/signed-data.ts';
import { equalBytes } from '../core/bytes.ts';
import { ConfigError, Refusal } from '../core/errors.ts';
import { messageFromBody, messageFromQuery } from '../http/message-decoding.ts';
import { queryValue } from '../http/query.ts';
import { readCertificate, readValidity, serialText, thumbprint } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { SCEP_ATTRIBUTE } from '../scep/message-attributes.ts';
import { MESSAGE_TYPES } from '../scep/message.ts';
import { findSigner } from '../scep/signer.ts';
import type { NamedRa } from '../app/named-ras.ts';
import { envelopeFacts, type ReportLines } from './explained-envelope.ts';
import { attributeName, attributeText, oidText } from './explained-names.ts';
import { verdicts } from './explained-verdict.ts';

/** Facts by name, nested. `ras`: those of a configuration, which open the envelope; without them it stays closed. Throws ConfigError. */
export async function explain(captured: Uint8Array, ras: readonly NamedRa[]): Promise<ReportLines> {
  const message = decode(captured);
  try {
    return message.certificate ?? (await explainMessage(message.bytes, ras));
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

async function explainMessage(bytes: Uint8Array, ras: readonly NamedRa[]): Promise<ReportLines> {
  const { der, consumed } = berToDer(bytes);
  const content = ContentInfo.fromBER(Uint8Array.from(der));
  const signed = new SignedData({ schema: content.content });
  const own = readDerOrBer(bytes, readSignedData);
  const messageType = messageTypeOf(own);
  const verdict = messageType === 'CertRep' ? {} : await verdicts(bytes, ras);
  return {
    encoding: equalBytes(der, bytes.subarray(0, consumed)) ? 'DER' : 'BER',
    octets: bytes.length,
    ...(consumed < bytes.length && { octetsAfterIt: bytes.length - consumed }),
    signers: signed.signerInfos.map((info, index) => ({
      ...(own.signers[index] && { signature: signatureText(own, own.signers[index]) }),
      digestAlgorithm: oidText(info.digestAlgorithm.algorithmId),
      signatureAlgorithm: oidText(info.signatureAlgorithm.algorithmId),
      ...attributeFacts(own.signers[index]?.attributes ?? new Map()),
    })),
    certificates: own.certificates.map(certificateFacts),
    content: hasEnvelope(own) ? await envelopeFacts(own.message, messageType, ras) : 'none',
    ...(Object.keys(verdict).length > 0 && { verdict }),
  };
}

/** FAILURE and PENDING have no content, an empty one, or one octet 0x00 as this server and NDES send it. */
const hasEnvelope = (own: OwnSignedData): own is OwnSignedData & { message: Uint8Array } =>
  own.message !== undefined && own.message.length > 1;

/** The name of the message type, or its number when it is unknown. */
function messageTypeOf({ signers }: OwnSignedData): string {
  const value = signers[0]?.attributes.get(SCEP_ATTRIBUTE.messageType)?.[0];
  const number = value ? DerReader.over(value.der).string() : '';
  return MESSAGE_TYPES[number] ?? number;
}

const attributeFacts = (attributes: Attributes): ReportLines =>
  Object.fromEntries(
    [...attributes].map(([type, values]) => [
      attributeName(type),
      values.map((value) => attributeText(type, value)).join(', '),
    ]),
  );

/** Whether the message is as its signer sent it. It does not say who the signer is. */
function signatureText(data: OwnSignedData, signer: SignerInfo): string {
  try {
    const { certificate, key } = findSigner(data, signer);
    if (!verifySigner(data, signer, key)) return 'wrong: changed on its way, or signed with another key';
    return `valid, by the key of ${nameText(certificate.subject)}`;
  } catch (error) {
    if (error instanceof Refusal || error instanceof DerError) return `cannot be verified: ${error.message}`;
    throw error;
  }
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
