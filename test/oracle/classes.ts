/** Messages that fail inside the envelope: one class for each kind of fault, all of the same size. */
import { randomBytes } from 'node:crypto';
import { keyTransportIdentifier } from '../../src/cms/algorithms.ts';
import {
  type EnvelopeParts,
  forge,
  forgeEnvelope,
  keyTransRecipientInfo,
  nameOf,
  rawEncrypt,
  recipientInfo,
} from '../kit/forge.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { rsaKey } from '../kit/keys.ts';
import { ra } from '../kit/pki.ts';
import { CSR, REQUEST_PLAN } from '../kit/requests.ts';

/** Makes one message with the fault of its class. */
type Wrong = () => Partial<EnvelopeParts>;

const PKCS1 = { scheme: 'pkcs1' } as const;

/** A ciphertext for the RA key whose plaintext has no PKCS#1 padding. */
function badPadding(): Partial<EnvelopeParts> {
  const block = Buffer.concat([Buffer.of(0, 1), randomBytes(254)]);
  const info = keyTransRecipientInfo(nameOf(ra.certificate), keyTransportIdentifier(PKCS1), rawEncrypt(ra, block));
  return { recipients: () => [info] };
}

const otherKey = (): Partial<EnvelopeParts> => ({
  recipients: () => [recipientInfo(ra, randomBytes(16), { transport: PKCS1 })],
});

const keyOf =
  (octets: number): Wrong =>
  () => ({
    recipients: () => [recipientInfo(ra, randomBytes(octets), { transport: PKCS1 })],
  });

/** As many blocks as the request has, without a valid padding (RFC 5652 6.3) at the end. */
const badBlockPadding = (): Partial<EnvelopeParts> => ({
  content: randomBytes(CSR.length),
  pad: (content) => Buffer.concat([content, Buffer.alloc(16 - (content.length % 16), 0)]),
});

/** As an unauthenticated client sends it that recorded a message: the request in it is not for the key that signs. */
const CSR_OF_ANOTHER = await writeCertificationRequest(REQUEST_PLAN, rsaKey('another'));

function changedAt(at: number, of = CSR): Partial<EnvelopeParts> {
  const csr = Buffer.from(of);
  csr[at]! ^= 1 + (randomBytes(1)[0]! & 0x7e);
  return { content: csr };
}

/** The classes by name. The first is the control: it is measured twice, as if it were two classes. */
export const CLASSES: Readonly<Record<string, Wrong>> = {
  'wrong content key (control)': otherKey,
  'bad RSA padding': badPadding,
  'content key of 15 octets': keyOf(15),
  'content key of 32 octets': keyOf(32),
  'bad block padding': badBlockPadding,
  'garbage plaintext': () => ({ content: randomBytes(CSR.length) }),
  'garbage CSR': () => changedAt(2),
  'bad proof of possession of another key': () => changedAt(CSR_OF_ANOTHER.length - 1, CSR_OF_ANOTHER),
  'garbage in a CSR of another key': () => changedAt(2, CSR_OF_ANOTHER),
  'bad proof of possession': () => changedAt(CSR.length - 1 - (randomBytes(1)[0]! & 0x3f)),
};

export const corpus = (wrong: Wrong, count: number): Uint8Array[] =>
  Array.from({ length: count }, () => forge({ content: forgeEnvelope(wrong()) }));
