/**
 * The inside of a request: from eContent to what the message type carries. Whatever goes wrong behind the public
 * structure (key, padding, content, request, proof) ends in one refusal with one text on one path, so that a sender
 * learns nothing about the key (RFC 8894 7.1 and 3.3.2.1, RFC 5652 on RSA PKCS#1 v1.5).
 */
import type { Legacy } from '../cms/algorithms.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { canReceive, chooseRecipient, openEnvelopedData, readEnvelopedData } from '../cms/enveloped-data.ts';
import type { SignedData } from '../cms/signed-data.ts';
import { Refusal } from '../core/errors.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import type { ReadContent } from './contents.ts';
import type { Content, ReplyTo } from './message.ts';
import type { OpenContext } from './open-context.ts';

export type OpenedEnvelope = {
  content: Content;
  replyWith: Pick<ReplyTo, 'transport' | 'cipher'>;
  legacy: readonly Legacy[];
};

/** Throws Refusal: `algorithm_refused` on what is public in the structure, `request_refused` on all the rest. */
export async function openEnvelope(
  data: SignedData,
  signerKey: PublicKey,
  context: OpenContext & { read: ReadContent },
): Promise<OpenedEnvelope> {
  if (!data.message) throw new Refusal('request_refused', 'the message has no content');
  const enveloped = readDerOrBer(data.message, readEnvelopedData);
  const { cipher } = enveloped;
  if (!cipher) throw new Refusal('algorithm_refused', 'the content cipher is unknown');
  if (cipher.legacy && !context.rules.legacy.has(cipher.legacy))
    throw new Refusal('algorithm_refused', `legacy ${cipher.legacy} is off at this endpoint`);
  const chosen = chooseRecipient(enveloped, context.ra.recipients);
  if (!chosen) throw new Refusal('request_refused', 'the message is not encrypted to this RA');
  const { transport } = chosen.recipient;
  if (!transport) throw new Refusal('algorithm_refused', 'the key transport algorithm is unknown');
  // The reply is enveloped to the signer's key. One that cannot receive it is refused before anything is issued.
  if (!canReceive(signerKey.kind, cipher))
    throw new Refusal('algorithm_refused', `a key of type ${signerKey.kind.type} cannot receive ${cipher.name}`);
  const plaintext = await openEnvelopedData(
    { ...enveloped, cipher },
    { recipient: { ...chosen.recipient, transport }, key: chosen.key },
    context.random,
  );
  const content = context.read(plaintext, signerKey);
  if (!content)
    throw new Refusal('request_refused', 'the envelope, the request in it or its proof of possession is wrong');
  return { content, replyWith: { transport, cipher: cipher.name }, legacy: cipher.legacy ? [cipher.legacy] : [] };
}
