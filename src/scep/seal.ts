/** A reply to CertRep bytes (RFC 8894 3.3.2). A pure function of plain data and the RA's keys. */
import { octetString, printableString, utf8String } from '../asn1/writer.ts';
import { attributeType, writeAttribute } from '../cms/attributes.ts';
import { cipherByName } from '../cms/algorithms.ts';
import { writeEnvelopedData } from '../cms/enveloped-data.ts';
import { transportCapacity } from '../cms/key-transport.ts';
import { writeDegenerate, writeSignedData } from '../cms/signed-data.ts';
import type { KeyTransport } from '../core/keys.ts';
import type { RandomBytes } from '../core/environment.ts';
import { FAIL_INFO, REFUSALS, type RefusalCode } from '../core/errors.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { SCEP_ATTRIBUTE } from './message-attributes.ts';
import type { MessageHeader, Reply } from './message.ts';
import type { RegistrationAuthority } from './registration-authority.ts';

export type SealPlan = { header: MessageHeader; reply: Reply; ra: RegistrationAuthority; random: RandomBytes };

const TYPE = Object.fromEntries(
  Object.entries(SCEP_ATTRIBUTE).map(([name, id]) => [name, attributeType(id)]),
) as Record<keyof typeof SCEP_ATTRIBUTE, Uint8Array>;
const CERT_REP = writeAttribute(TYPE.messageType, printableString('3'));
const STATUS = { success: '0', failure: '2', pending: '3' } as const;
const NOTHING = new Uint8Array(0);

/** CertRep, DER. The signer's certificate is always in it, also in FAILURE: OpenSSL and sscep look for it there. */
export function seal({ header, reply, ra, random }: SealPlan): Promise<Uint8Array> {
  return writeSignedData({
    content: reply.status === 'success' ? envelope(reply, random) : NOTHING,
    attributes: [
      CERT_REP,
      writeAttribute(TYPE.pkiStatus, printableString(STATUS[reply.status])),
      writeAttribute(TYPE.transactionId, header.transactionIdDer),
      // Fresh in every reply, also to a repeat: jscep refuses a nonce that it has seen.
      writeAttribute(TYPE.senderNonce, octetString(random(16))),
      ...(header.senderNonceDer ? [writeAttribute(TYPE.recipientNonce, header.senderNonceDer)] : []),
      ...(reply.status === 'failure' ? failureAttributes(reply.code) : []),
    ],
    digest: header.digest,
    signer: ra.signer,
    certificates: [ra.signer.certificate.der],
  });
}

function envelope(reply: Reply & { status: 'success' }, random: RandomBytes): Uint8Array {
  const { signerCertificate, signerKey: key, transport } = reply.replyTo;
  const cipher = cipherByName(reply.replyTo.cipher)!;
  const certificate = readCertificate(signerCertificate);
  return writeEnvelopedData({
    content: writeDegenerate(reply.certificates, reply.crls),
    recipient: { certificate, key },
    transport: replyTransport(transport, transportCapacity(key.kind, transport) >= cipher.keyBytes),
    cipher,
    random,
  });
}

/**
 * As the request: PKCS#1 to PKCS#1, OAEP to OAEP. Node writes OAEP with one hash only, and a signer's key may be too
 * short for the hash that the RA's key carried; SHA-1 is what all can read.
 */
const replyTransport = (transport: KeyTransport, fits: boolean): KeyTransport =>
  transport.scheme === 'oaep' && (!fits || transport.hash !== transport.mgf1Hash)
    ? { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' }
    : transport;

function failureAttributes(code: RefusalCode): Uint8Array[] {
  const { failInfo, hresult, text } = REFUSALS[code];
  return [
    writeAttribute(TYPE.failInfo, printableString(String(FAIL_INFO[failInfo]))),
    writeAttribute(TYPE.failInfoText, utf8String(text)),
    writeAttribute(TYPE.microsoftError, printableString(String(hresult))),
  ];
}
