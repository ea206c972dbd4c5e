/** Replies as `seal` makes them to requests of the test client, and their attributes as pkijs reads them. */
import assert from 'node:assert/strict';
import { DerReader } from '../../src/asn1/reader.ts';
import { stringText } from '../../src/asn1/strings.ts';
import type { ExpectedReply } from '../../src/client/reply.ts';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import type { RefusalCode } from '../../src/core/errors.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import type { Reply } from '../../src/scep/message.ts';
import { seal } from '../../src/scep/seal.ts';
import { client, clock, context, everyLegacy, issuing, ra, random, registration, root } from './pki.ts';
import { readSigned, signedAttributes } from './pkijs.ts';
import { opened, requestMessage, SENDER_NONCE, TRANSACTION_ID } from './requests.ts';

const withLegacy = context({ legacy: everyLegacy });

/** What a success delivers: any certificates serve. */
export const CHAIN = [ra, issuing, root].map(({ certificate }) => Buffer.from(certificate));

/** What our client expects of a reply to `requestMessage`. */
export const expected: ExpectedReply = {
  transactionId: TRANSACTION_ID,
  senderNonce: SENDER_NONCE,
  trusted: CHAIN,
  signer: client,
  random,
};

/** What a reply mirrors. */
export type Mirrored = { digest: Digest; cipher: string; transport: KeyTransport };
export const PLAIN: Mirrored = { digest: 'sha256', cipher: 'aes-128-cbc', transport: { scheme: 'pkcs1' } };

/** The CertRep to a request of these algorithms. */
export async function sealed(status: 'success' | 'pending' | RefusalCode, wanted = PLAIN): Promise<Uint8Array> {
  const { header, replyTo } = await opened(await requestMessage(wanted), withLegacy);
  const replies: Partial<Record<string, Reply>> = {
    success: { status: 'success', replyTo, certificates: CHAIN },
    pending: { status: 'pending' },
  };
  const failure: Reply = { status: 'failure', code: status as RefusalCode };
  return seal({ header, reply: replies[status] ?? failure, ra: registration, clock, random });
}

export type AttributeName = keyof typeof SCEP_ATTRIBUTE;

/** The signed attributes of a reply by name: DER of the only value, or undefined. */
export function attributesOf(reply: Uint8Array): (name: AttributeName) => Buffer | undefined {
  const attributes = signedAttributes(readSigned(reply));
  for (const [type, values] of attributes) assert.equal(values.length, 1, `${type} has one value`);
  return (name) => {
    const [value] = attributes.get(SCEP_ATTRIBUTE[name]) ?? [];
    return value && Buffer.from(value.toBER());
  };
}

/** The tag and the text of a character string. */
export function stringOf(der: Uint8Array | undefined): { tag: number; text: string } | undefined {
  if (!der) return undefined;
  const { tag, content } = DerReader.over(der).element();
  return { tag, text: stringText(tag, content) };
}
