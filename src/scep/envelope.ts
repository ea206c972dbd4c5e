/**
 * The inside of a request: from eContent to what the message type carries. Every failure behind the public structure
 * (key, padding, content, request, proof of possession) takes the same path to the same refusal with the same text, so
 * that a sender learns nothing about the key (RFC 8894 7.1 and 3.3.2.1, RFC 5652 on RSA PKCS#1 v1.5).
 */
import type { ContentCipher } from '../cms/algorithms.ts';
import { readDerOrBer } from '../cms/content-info.ts';
import {
  canBeAnswered,
  canReceive,
  chooseEncapsulation,
  chooseRecipient,
  type EnvelopedData,
  openEnvelopedData,
  readEnvelopedData,
} from '../cms/enveloped-data.ts';
import { openKemEnvelope } from '../cms/kem-recipient.ts';
import type { SignedData } from '../cms/signed-data.ts';
import type { KeyTransport } from '../core/keys.ts';
import { Refusal } from '../core/errors.ts';
import { UnsupportedAlgorithm } from '../pkix/algorithm-names.ts';
import { MOST_CSR_OCTETS } from '../pkix/csr.ts';
import type { PublicKey } from '../pkix/public-key.ts';
import type { ReadContent } from './contents.ts';
import type { Content } from './message.ts';
import type { OpenContext } from './open-context.ts';

/** An envelope that is not decrypted yet; its content cipher is known. */
export type Envelope = EnvelopedData & { cipher: ContentCipher };

/** Octets. A certification request has at most 128 KiB, and the padding at most one block: more is not decrypted. */
const LONGEST_CONTENT = MOST_CSR_OCTETS + 16;

/** Throws Refusal `request_refused` without an envelope or for one that is too long to hold a request, and UnsupportedAlgorithm for an unknown cipher. */
export function readEnvelope(data: SignedData): Envelope {
  if (!data.message) throw new Refusal('request_refused', 'the message has no content');
  const enveloped = readDerOrBer(data.message, readEnvelopedData);
  const { cipher, encryptedContent } = enveloped;
  if (encryptedContent.length > LONGEST_CONTENT)
    throw new Refusal(
      'request_refused',
      `${encryptedContent.length} octets are encrypted, more than a request may have`,
    );
  if (!cipher) throw new UnsupportedAlgorithm('the content cipher', enveloped.cipherOid);
  return { ...enveloped, cipher };
}

/**
 * The content of an envelope, how the key of its cipher was transported, which the reply mirrors, and the RA certificate, DER, that
 * it is encrypted to.
 */
export type OpenedEnvelope = { content: Content; transport: KeyTransport; recipient: Uint8Array };

/** The RA certificate, DER, that an envelope names: anyone can see it. */
export const recipientOf = (envelope: EnvelopedData, { ra }: Pick<OpenContext, 'ra'>): Uint8Array | undefined =>
  (chooseEncapsulation(envelope, ra.kem) ?? chooseRecipient(envelope, ra.recipients))?.certificate.der;

/**
 * Throws Refusal: `algorithm_refused` for public facts of the structure, `request_refused` for everything else; and
 * UnsupportedAlgorithm for a requested key that is not supported.
 */
export async function openEnvelope(
  envelope: Envelope,
  { signerKey, read }: { signerKey: PublicKey; read: ReadContent },
  { ra, rules, random }: OpenContext,
): Promise<OpenedEnvelope> {
  const { cipher } = envelope;
  const { transport, recipient, decrypt } = opener(envelope, { ra, random });
  if (transport.scheme === 'pkcs1' && rules.pkcs1KeyTransport === 'refuse')
    throw new Refusal('algorithm_refused', 'key transport with RSA PKCS#1 v1.5 is off at this server (FIPS)');
  // The reply is encrypted to the key of the signer, or with the challenge. A key that cannot receive it is refused before
  // anything is issued.
  if (!canBeAnswered(signerKey.kind, cipher))
    throw new Refusal('algorithm_refused', `a key of type ${signerKey.kind.type} cannot receive ${cipher.name}`);
  const plaintext = await decrypt();
  const content = read(plaintext, signerKey);
  if (content.type === 'unsupported') throw content.error;
  // The cause is for the log. It changes neither the reply nor the path to it.
  if (content.type === 'unreadable') throw new Refusal('request_refused', content.why);
  return { content, transport, recipient };
}

type Opener = Pick<OpenedEnvelope, 'transport' | 'recipient'> & { decrypt: () => Promise<Uint8Array> };

/** Replies to a message that came by encapsulation are encrypted to an RSA signer with this. */
const OAEP: KeyTransport = { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' };

/** Which key decrypts, by public facts. Throws Refusal as `openEnvelope`. */
function opener(envelope: Envelope, { ra, random }: Pick<OpenContext, 'ra' | 'random'>): Opener {
  const encapsulated = chooseEncapsulation(envelope, ra.kem);
  if (encapsulated) {
    const { key, certificate } = encapsulated;
    const { algorithms } = encapsulated.recipient;
    if (!algorithms || !canReceive(key.kind, envelope.cipher))
      throw new Refusal('algorithm_refused', 'an algorithm of the KEMRecipientInfo is unknown');
    const recipient = { ...encapsulated.recipient, algorithms };
    const decrypt = () => openKemEnvelope(envelope, { recipient, key }, random);
    return { transport: OAEP, recipient: certificate.der, decrypt };
  }
  const chosen = chooseRecipient(envelope, ra.recipients);
  if (!chosen) throw new Refusal('request_refused', 'the message is not encrypted to this RA');
  const { transport } = chosen.recipient;
  if (!transport) throw new Refusal('algorithm_refused', 'the key transport algorithm is unknown');
  const recipient = { ...chosen.recipient, transport };
  const decrypt = () => openEnvelopedData(envelope, { recipient, key: chosen.key }, random);
  return { transport, recipient: chosen.certificate.der, decrypt };
}
