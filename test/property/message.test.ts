/** A message opens as it was written, and a changed message is at most refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LEGACY } from '../../src/cms/algorithms.ts';
import { readCertRep } from '../../src/client/reply.ts';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import { FAIL_INFO, HttpError, REFUSALS, type RefusalCode } from '../../src/core/errors.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { rdn } from '../../src/pkix/name.ts';
import { sequence } from '../../src/asn1/writer.ts';
import type { Reply } from '../../src/scep/message.ts';
import { open } from '../../src/scep/open.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import { seal } from '../../src/scep/seal.ts';
import { forge, forgeEnvelope, recipientInfo } from '../kit/forge.ts';
import { rsaKey } from '../kit/keys.ts';
import { clientFor, clock, context, raFor, random } from '../kit/pki.ts';
import { opened, requestMessage } from '../kit/requests.ts';
import { flat, type Form, nodesOf, octetsOf } from '../kit/tree.ts';

// Small keys are fast, and these tests are about forms.
const ra = await raFor(rsaKey('ra', 1024));
const client = await clientFor(rsaKey('client', 1024));
const registration = registrationAuthority(ra);
const settings = context({ legacy: new Set(LEGACY) }, registration);
const parties = { recipient: ra.certificate, signer: client };

const holds = <T>(title: string, numRuns: number, arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>) =>
  test(title, () => fc.assert(fc.asyncProperty(arbitrary, property), { numRuns, seed: 8894 }));

const DIGESTS: readonly Digest[] = ['sha1', 'sha256', 'sha384'];
const digest = fc.constantFrom(...DIGESTS);
const cipher = fc.constantFrom('aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des-ede3-cbc', 'des-cbc');
const oaep = fc.constantFrom('sha1' as const, 'sha224' as const, 'sha256' as const);
const transport: fc.Arbitrary<KeyTransport> = fc.oneof(
  fc.constant({ scheme: 'pkcs1' } as const),
  oaep.map((hash) => ({ scheme: 'oaep', hash, mgf1Hash: hash }) as const),
);
const octets = (least: number, most: number) => fc.uint8Array({ minLength: least, maxLength: most });
const transactionId = fc.string({
  unit: fc.constantFrom(...'0123456789ABCDEFabcdef-+/='.split('')),
  minLength: 1,
  maxLength: 256,
});
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 });
const request = fc.record({
  attributes: fc.array(fc.tuple(fc.constantFrom('CN', 'O', 'OU', 'L'), text), { maxLength: 6 }),
  challenge: fc.string({ unit: 'binary', maxLength: 3000 }).filter((text) => !text.endsWith('\0')),
  names: fc.array(fc.domain(), { maxLength: 5 }),
  transactionId,
  senderNonce: octets(1, 64),
  digest,
  cipher,
  transport,
});

holds('what a client asks is what is opened', 300, request, async (asked) => {
  const subject = sequence(...asked.attributes.map(([type, value]) => rdn(type, value)));
  const extensions = asked.names.length
    ? [subjectAltName(asked.names.map((name) => generalNameFromText(`dns:${name}`)))]
    : [];
  const csr = await writeCertificationRequest({ subject, challenge: asked.challenge, extensions }, client.key);
  const { content, header, replyTo } = await opened(
    await requestMessage({ ...parties, ...asked, content: csr }),
    settings,
  );
  assert.deepEqual(Buffer.from(content.csr.der), Buffer.from(csr));
  assert.deepEqual(Buffer.from(content.csr.subject), Buffer.from(subject));
  assert.equal(content.csr.challenge, asked.challenge === '' ? undefined : asked.challenge);
  assert.equal(content.csr.extensions.length, extensions.length);
  assert.equal(header.transactionId, asked.transactionId);
  assert.deepEqual(Buffer.from(header.senderNonceDer!).subarray(2), Buffer.from(asked.senderNonce));
  assert.equal(header.digest, asked.digest);
  assert.deepEqual([replyTo.cipher, replyTo.transport], [asked.cipher, asked.transport]);
});

const codes = Object.keys(REFUSALS) as RefusalCode[];
const answer = fc.oneof(
  fc.constant('pending' as const),
  fc.constantFrom(...codes),
  fc.array(
    octets(0, 3000).map((content) => sequence(content)),
    { minLength: 1, maxLength: 4 },
  ),
);

holds('what is sealed is what the client reads', 300, fc.record({ request, answer }), async ({ request, answer }) => {
  const { header, replyTo } = await opened(await requestMessage({ ...parties, ...request }), settings);
  const reply: Reply = Array.isArray(answer)
    ? { status: 'success', replyTo, certificates: answer }
    : answer === 'pending'
      ? { status: answer }
      : { status: 'failure', code: answer };
  const read = await readCertRep(await seal({ header, reply, ra: registration, clock, random }), {
    transactionId: request.transactionId,
    senderNonce: request.senderNonce,
    trusted: [ra.certificate],
    signer: client,
    random,
  });
  assert.equal(read.status, reply.status);
  if (read.status === 'success')
    assert.deepEqual(
      read.certificates.map((der) => Buffer.from(der)),
      (answer as Uint8Array[]).map((der) => Buffer.from(der)),
    );
  if (read.status === 'failure') {
    const { failInfo, hresult, text } = REFUSALS[answer as RefusalCode];
    assert.deepEqual(read, { status: 'failure', failInfo, hresult, text });
    assert.ok(failInfo in FAIL_INFO);
  }
});

/** Opens any octets. Fails on every error except the one for octets that are not a message. */
async function outcome(message: Uint8Array): Promise<'opened' | 'refused' | 'undecodable'> {
  try {
    return (await open(message, settings)).kind === 'request' ? 'opened' : 'refused';
  } catch (error) {
    if (error instanceof HttpError && error.code === 'message_undecodable') return 'undecodable';
    throw error;
  }
}

const message = Buffer.from(await requestMessage(parties));

test('S01 a request cut at any octet is refused or is not a message', async () => {
  const ends = new Set<string>();
  for (let length = 0; length < message.length; length++) ends.add(await outcome(message.subarray(0, length)));
  assert.deepEqual([...ends], ['undecodable']);
  assert.equal(await outcome(message), 'opened');
});

test('S01 the CSR, and the envelope, cut at any octet and signed again', async () => {
  const envelope = Buffer.from(forgeEnvelope({ recipients: (key) => [recipientInfo(ra, key)] }));
  for (let length = 0; length < envelope.length; length += 3)
    assert.equal(await outcome(forge({ signer: client, content: envelope.subarray(0, length) })), 'refused');
});

const flips = fc.uniqueArray(fc.nat({ max: message.length * 8 - 1 }), { minLength: 1, maxLength: 4 });
holds('S01 flipped bits end in a request, a refusal or no message', 4000, flips, async (bits) => {
  const flipped = Buffer.from(message);
  for (const bit of bits) flipped[bit >> 3]! ^= 1 << (bit & 7);
  await outcome(flipped);
});

test('S01 P07 P08 no flipped bit in what is signed leads to a request', async () => {
  const { header, content } = await opened(message, settings);
  for (const part of [header.transactionIdDer, header.senderNonceDer!]) {
    const at = message.indexOf(part) + part.length - 1;
    const flipped = Buffer.from(message);
    flipped[at]! ^= 1;
    assert.equal(await outcome(flipped), 'refused');
  }
  assert.ok(!message.includes(Buffer.from(content.csr.der)), 'the request is encrypted');
});

const form: fc.Arbitrary<Form> = fc.record({
  indefinite: fc.boolean(),
  zeros: fc.nat({ max: 3 }),
  chunk: fc.constantFrom(0, 1, 7, 64, 1000),
});
const forms = fc.array(form, { minLength: 1, maxLength: 40 });

/** The message with its elements in these BER forms, which are used in turn. */
function inForms(der: Uint8Array, forms: readonly Form[]): Buffer {
  const [root] = nodesOf(der);
  for (const [i, node] of flat(root!).entries()) node.form = forms[i % forms.length]!;
  return octetsOf(root!);
}

holds('P25 every BER of a message opens to the same request', 500, fc.tuple(forms, forms), async ([outer, inner]) => {
  const envelope = forgeEnvelope({ recipients: (key) => [recipientInfo(ra, key)] });
  const der = forge({ signer: client, content: envelope });
  const ber = forge({ signer: client, content: inForms(envelope, inner) });
  const fromDer = await opened(der, settings);
  assert.deepEqual(await opened(inForms(der, outer), settings), fromDer);
  assert.deepEqual(await opened(inForms(ber, outer), settings), fromDer);
});
