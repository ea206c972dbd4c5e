/**
 * The inside of a request: from eContent to a proven certification request. Whatever goes wrong behind the public
 * structure (key, padding, content, request, proof) ends in one refusal with one text on one path, so that a sender
 * learns nothing about the key (RFC 8894 7.1 and 3.3.2.1, RFC 5652 on RSA PKCS#1 v1.5).
 */
import type { Legacy } from '../cms/algorithms.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import { chooseRecipient, openEnvelopedData, readEnvelopedData } from '../cms/enveloped-data.ts';
import type { SignedData } from '../cms/signed-data.ts';
import { DerError } from '../asn1/limits.ts';
import type { CertificationRequest } from '../core/contracts.ts';
import { Refusal } from '../core/errors.ts';
import { provesPossession, readCertificationRequest, type UnprovenRequest } from '../pkix/csr.ts';
import { type PublicKey, readPublicKey } from '../pkix/public-key.ts';
import { DECOY_REQUEST } from './decoy.ts';
import type { ReplyTo } from './message.ts';
import type { OpenContext } from './open.ts';

export type OpenedEnvelope = {
  csr: CertificationRequest;
  replyWith: Pick<ReplyTo, 'transport' | 'cipher'>;
  legacy: readonly Legacy[];
};

/** Throws Refusal: `algorithm_refused` on what is public in the structure, `request_refused` on all the rest. */
export async function openEnvelope(
  data: SignedData,
  signerKey: PublicKey,
  context: OpenContext,
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
  if (signerKey.kind.type !== 'rsa')
    throw new Refusal('algorithm_refused', 'the key of the signer cannot receive the reply');
  const plaintext = await openEnvelopedData(
    { ...enveloped, cipher },
    { recipient: { ...chosen.recipient, transport }, key: chosen.key },
    context.random,
  );
  const csr = proven(plaintext, signerKey);
  if (!csr) throw new Refusal('request_refused', 'the envelope, the request in it or its proof of possession is wrong');
  return { csr, replyWith: { transport, cipher: cipher.name }, legacy: cipher.legacy ? [cipher.legacy] : [] };
}

/** Parses and proves. Bytes that are no request cost the same work, spent on a request that is always at hand. */
function proven(plaintext: Uint8Array, signerKey: PublicKey): CertificationRequest | undefined {
  const request = readRequest(plaintext);
  const candidate = request ?? readCertificationRequest(DECOY_REQUEST);
  const key = sameKey(candidate, signerKey) ? signerKey : readPublicKey(candidate.spki);
  const proves = provesPossession(candidate, key);
  if (!request || !proves) return undefined;
  const { signed: _signed, algorithm: _algorithm, signature: _signature, ...csr } = request;
  return csr;
}

// The same key is imported once; it costs as much as the verification itself.
const sameKey = ({ spki }: UnprovenRequest, { spki: signer }: PublicKey): boolean => Buffer.compare(spki, signer) === 0;

function readRequest(plaintext: Uint8Array): UnprovenRequest | undefined {
  try {
    return readCertificationRequest(plaintext);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
