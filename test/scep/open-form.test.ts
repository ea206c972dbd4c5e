/** The outer form of a request: BER as well as DER, and input that is not a message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, sequence, smallInteger } from '../../src/asn1/writer.ts';
import { forge, forgeEnvelope, scepAttributes } from '../kit/forge.ts';
import { CSR, accepts, opened, refuses, requestMessage, TRANSACTION_ID, undecodable } from '../kit/requests.ts';
import { flat, type Form, nodesOf, octetsOf } from '../kit/tree.ts';

const message = await requestMessage();

/** Every element of the DER in this form. */
function inForm(der: Uint8Array, form: Form): Buffer {
  const [root] = nodesOf(der);
  for (const node of flat(root!)) node.form = form;
  return octetsOf(root!);
}

const FORMS: Readonly<Record<string, Form>> = {
  'indefinite at every level': { indefinite: true },
  'lengths with more octets than needed': { zeros: 2 },
  'constructed OCTET STRINGs': { chunk: 24 },
  'indefinite, and constructed OCTET STRINGs': { indefinite: true, chunk: 1000 },
};
for (const [outer, form] of Object.entries(FORMS))
  for (const [inner, envelopeForm] of Object.entries(FORMS))
    test(`P25 SignedData: ${outer}; EnvelopedData: ${inner}`, async () => {
      const { content, header } = await opened(inForm(forge({ content: inForm(forgeEnvelope(), envelopeForm) }), form));
      assert.deepEqual(Buffer.from(content.csr.der), Buffer.from(CSR));
      assert.equal(header.transactionId, TRANSACTION_ID);
    });

test('P25 what is echoed of a BER message is DER', async () => {
  const fromBer = await opened(inForm(message, { indefinite: true, zeros: 1, chunk: 4 }));
  const fromDer = await opened(message);
  assert.deepEqual(fromBer, fromDer);
});

test('P26 eContentType envelopedData', () => accepts(forge({ contentType: '1.2.840.113549.1.7.3' })));
test('P26 EnvelopedData without ContentInfo', () =>
  accepts(forge({ content: forgeEnvelope({ wrap: (envelopedData) => envelopedData }) })));
test('P26 PKCS#7 1.5: the content itself where CMS has an OCTET STRING', async () => {
  const content = forgeEnvelope();
  const inside = content.subarray(4);
  assert.equal(content.length - inside.length, 4, 'identifier and length');
  await accepts(forge({ content, digested: inside, encapsulate: (element) => element }));
});
test('P26 eContent of another type', () => undecodable(forge({ encapsulate: () => smallInteger(1) })));
test('P26 empty eContent', () =>
  refuses(forge({ content: Buffer.alloc(0), encapsulate: () => encode(0x04) }), 'request_refused'));
test('P26 content that is no EnvelopedData', () =>
  refuses(forge({ content: Buffer.from('hello') }), 'request_refused'));

test('H16 octets behind the message are left alone', () => accepts(Buffer.concat([message, Buffer.alloc(7, 0xff)])));

const OUTER = Buffer.from(message).subarray(0, 40);
const NO_MESSAGES: Readonly<Record<string, Uint8Array>> = {
  'H17 nothing': Buffer.alloc(0),
  'H17 text': Buffer.from('<!DOCTYPE html><html></html>'),
  'H17 an indefinite length and nothing behind it': Buffer.from('3080', 'hex'),
  'H17 the head of a message': OUTER,
  'an EnvelopedData alone': forgeEnvelope(),
  'a certification request': CSR,
  'S01 1,000 levels': Buffer.from('3080'.repeat(1000) + '0000'.repeat(1000), 'hex'),
  'S01 a length of 1 GB': Buffer.from('308440000000', 'hex'),
  'S01 a length of 2^64-1': Buffer.from('3088ffffffffffffffff', 'hex'),
  'S01 a SET of 100,000 elements': sequence(encode(0x31, Buffer.from('0500'.repeat(100_000), 'hex'))),
  'S01 no end of contents': Buffer.concat([OUTER.fill(0x80, 1, 2), Buffer.alloc(1000, 1)]),
  'S01 65 attributes': forge({ attributes: Array.from({ length: 65 }, () => scepAttributes()[0]!) }),
  'S01 17 certificates': forge({ certificates: Array.from({ length: 17 }, () => CSR) }),
  'S01 an OBJECT IDENTIFIER of 1 MB': sequence(encode(0x06, Buffer.alloc(1 << 20, 1)), encode(0xa0, sequence())),
};
for (const [what, bytes] of Object.entries(NO_MESSAGES))
  test(`${what} is no message, and no other error`, () => undecodable(bytes));
