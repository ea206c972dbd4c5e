/** Writes a reply as CertRep (RFC 8894 3.3.2). A pure function of plain data, random octets and the RA's keys. */
import { octetString, printableString, utf8String } from '../asn1/writer.ts';
import { attributeType, writeAttribute } from '../cms/attributes.ts';
import { writeSignedData } from '../cms/signed-data.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';
import { FAIL_INFO, REFUSALS } from '../core/errors.ts';
import { SCEP_ATTRIBUTE } from './message-attributes.ts';
import type { MessageHeader, Reply } from './message.ts';
import type { MessageRules } from './open-context.ts';
import { type RegistrationAuthority, type ReplySigner, signerFor } from './registration-authority.ts';
import { replyEnvelope } from './reply-envelope.ts';

/** What a CertRep is made from. `rules`: those of the endpoint; the usual form without. */
export type SealPlan = {
  header: MessageHeader;
  reply: Reply;
  ra: RegistrationAuthority;
  clock: Clock;
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
export async function seal(plan: SealPlan): Promise<Uint8Array> {
  const { ra, header, clock } = plan;
  const signer = signerFor(ra, header.recipient, clock());
  try {
    return await sealedBy(signer, plan);
  } catch (error) {
    // A retired key outside of this process may be allowed to decrypt alone.
    if (signer === ra.signer) throw error;
    return sealedBy(ra.signer, plan);
  }
}

async function sealedBy(signer: ReplySigner, { header, reply, random, rules }: SealPlan): Promise<Uint8Array> {
  const noEnvelope = rules?.emptyContent === 'absent' ? undefined : NO_ENVELOPE;
  return writeSignedData({
    content:
      reply.status === 'success' ? await replyEnvelope(reply, random, rules?.legacy.has('null-wrap')) : noEnvelope,
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
    signer,
    certificates: [signer.certificate.der],
  });
}

function failureAttributes({ code, text }: Reply & { status: 'failure' }): Uint8Array[] {
  const { failInfo, hresult, text: usual } = REFUSALS[code];
  return [
    writeAttribute(TYPE.failInfo, printableString(String(FAIL_INFO[failInfo]))),
    writeAttribute(TYPE.failInfoText, utf8String(text ?? usual)),
    writeAttribute(TYPE.microsoftError, printableString(String(hresult))),
  ];
}
