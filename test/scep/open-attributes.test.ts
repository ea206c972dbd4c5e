/** The signed attributes of a request: what they may look like, and what is echoed of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encode,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  smallInteger,
  time,
  utf8String,
} from '../../src/asn1/writer.ts';
import { issuerAndSubject } from '../../src/client/request-message.ts';
import { ATTRIBUTE } from '../../src/cms/attributes.ts';
import { REFUSALS } from '../../src/core/errors.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { SCEP_ATTRIBUTE } from '../../src/scep/message-attributes.ts';
import type { Content } from '../../src/scep/message.ts';
import { attribute, forge, forgeEnvelope, scepAttributes } from '../kit/forge.ts';
import { context, HOUR, NOW } from '../kit/pki.ts';
import { accepts, CSR, openedAny, refuses, opened, refused, requestMessage, undecodable } from '../kit/requests.ts';

const withAttributes = (different: Parameters<typeof scepAttributes>[0], ...more: Uint8Array[]): Uint8Array =>
  forge({ attributes: [...scepAttributes(different), ...more] });

const TYPES_OF_19: Readonly<Record<string, Uint8Array>> = {
  PrintableString: printableString('19'),
  UTF8String: utf8String('19'),
  INTEGER: smallInteger(19),
  'OCTET STRING': octetString(Buffer.from('19')),
};
for (const [what, messageType] of Object.entries(TYPES_OF_19))
  test(`P16 messageType as ${what}`, async () =>
    assert.equal((await opened(withAttributes({ messageType }))).header.messageType, 'PKCSReq'));

const REFUSED_TYPES: Readonly<Record<string, [Uint8Array | undefined, string]>> = {
  '3': [printableString('3'), 'CertRep'],
  '17': [printableString('17'), 'RenewalReq'],
  '18': [printableString('18'), 'UpdateReq'],
  '41': [printableString('41'), 'ClaimChallengeAnswer'],
  '0': [printableString('0'), '0'],
  '999': [printableString('999'), '999'],
  '019': [printableString('019'), '019'],
  absent: [undefined, 'absent'],
  empty: [printableString(''), 'unknown'],
  words: [printableString('PKCSReq'), 'unknown'],
  'longer than any number': [printableString('1'.repeat(3000)), 'unknown'],
  'a number and more behind it': [printableString('19 '), 'unknown'],
  'an INTEGER out of range': [encode(0x02, Buffer.alloc(64, 0x13)), 'unknown'],
  'an INTEGER with the octets of "19"': [encode(0x02, Buffer.from('19')), 'unknown'],
  'a BIT STRING with the octets of "19"': [encode(0x03, Buffer.from('19')), 'unknown'],
  'the name of a property that every object has': [printableString('constructor'), 'unknown'],
  'the name of the prototype': [utf8String('__proto__'), 'unknown'],
  'a NULL': [nullValue, 'unknown'],
  'a SEQUENCE with the octets of "19"': [encode(0x30, Buffer.from('19')), 'unknown'],
};
for (const [what, [messageType, name]] of Object.entries(REFUSED_TYPES))
  test(`P17 messageType ${what} is refused, and named ${name} in the log`, async () => {
    const { header } = await refused(withAttributes({ messageType }), 'message_type_refused');
    assert.equal(header.messageType, name);
    assert.deepEqual(REFUSALS.message_type_refused.failInfo, 'badRequest');
    structuredClone(header);
  });

test('P17 N07 messageType 17 is served where renewal is on', async () => {
  const { header } = await opened(withAttributes({ messageType: printableString('17') }), context({ renewal: true }));
  assert.equal(header.messageType, 'RenewalReq');
});

/** What the other message types carry, and what is read of it. */
const OTHERS: Readonly<Record<string, [number, Uint8Array, Content]>> = {
  CertPoll: [20, issuerAndSubject(nameFromText('CN=Test RA'), nameFromText('CN=device-1')), { type: 'poll' }],
  'CertPoll of garbage': [20, Buffer.from('garbage'), { type: 'poll' }],
  GetCert: [
    21,
    sequence(nameFromText('CN=Test Issuing'), smallInteger(0x1234)),
    {
      type: 'get-certificate',
      certificate: { issuer: nameFromText('CN=Test Issuing'), serialNumber: Buffer.of(0x12, 0x34) },
    },
  ],
  'GetCert of garbage': [21, Buffer.from('garbage'), { type: 'get-certificate', certificate: undefined }],
  'GetCert of a CSR': [21, CSR, { type: 'get-certificate', certificate: undefined }],
  GetCRL: [
    22,
    sequence(nameFromText('CN=Test Issuing'), smallInteger(1)),
    { type: 'get-crl', certificate: { issuer: nameFromText('CN=Test Issuing'), serialNumber: Buffer.of(1) } },
  ],
  'GetCRL of garbage': [22, Buffer.from('garbage'), { type: 'get-crl', certificate: undefined }],
};
for (const [what, [type, content, read]] of Object.entries(OTHERS))
  test(`P17 G05 G06 G07 ${what} is read as ${read.type}`, async () => {
    const attributes = scepAttributes({ messageType: printableString(String(type)) });
    const request = await openedAny(forge({ content: forgeEnvelope({ content }), attributes }));
    assert.deepEqual(request.content, read);
  });

const UNANSWERABLE: Readonly<Record<string, Uint8Array | undefined>> = {
  absent: undefined,
  empty: printableString(''),
  'longer than any client makes it': printableString('A'.repeat(1025)),
  'an OCTET STRING': octetString(Buffer.from('5F1C')),
  'a UTF8String that is no UTF-8': encode(0x0c, Buffer.of(0xff, 0xfe)),
  'a BMPString cut in half': encode(0x1e, Buffer.of(0)),
};
for (const [what, transactionId] of Object.entries(UNANSWERABLE))
  test(`P18 transactionID ${what}: there is nothing to answer to`, () =>
    undecodable(withAttributes({ transactionId })));

const TRANSACTION_IDS: Readonly<Record<string, [Uint8Array, string]>> = {
  'of one character': [printableString('7'), '7'],
  'of 256 characters': [printableString('A'.repeat(256)), 'A'.repeat(256)],
  'in base64': [utf8String('q+z/8A=='), 'q+z/8A=='],
  'as UTF8String': [utf8String('Gerät'), 'Gerät'],
  'as T61String': [encode(0x14, Buffer.from('abc')), 'abc'],
  'as PrintableString outside its alphabet': [encode(0x13, Buffer.from('a_b@c')), 'a_b@c'],
};
for (const [what, [transactionId, text]] of Object.entries(TRANSACTION_IDS))
  test(`P19 transactionID ${what} is kept octet for octet, tag included`, async () => {
    const { header } = await opened(withAttributes({ transactionId }));
    assert.equal(header.transactionId, text);
    assert.deepEqual(Buffer.from(header.transactionIdDer), Buffer.from(transactionId));
  });

for (const length of [1, 8, 16, 32, 64])
  test(`P20 senderNonce of ${length} octets is kept`, async () => {
    const senderNonce = octetString(Buffer.alloc(length, 0xa5));
    const { header } = await opened(withAttributes({ senderNonce }));
    assert.deepEqual(Buffer.from(header.senderNonceDer!), Buffer.from(senderNonce));
  });

const NO_NONCES: Readonly<Record<string, Uint8Array | undefined>> = {
  absent: undefined,
  empty: octetString(Buffer.alloc(0)),
  'of 65 octets': octetString(Buffer.alloc(65)),
  'a PrintableString': printableString('0011223344556677'),
};
for (const [what, senderNonce] of Object.entries(NO_NONCES))
  test(`P20 senderNonce ${what} is refused`, () => refuses(withAttributes({ senderNonce }), 'sender_nonce_missing'));

test('P20 what is no senderNonce, or too long for one, is not echoed', async () => {
  for (const senderNonce of [octetString(Buffer.alloc(65)), printableString('0011223344556677'), undefined]) {
    const { header } = await refused(withAttributes({ senderNonce }), 'sender_nonce_missing');
    assert.equal(header.senderNonceDer, undefined);
  }
});

test('P21 the same senderNonce in two messages', async () => {
  const first = await requestMessage();
  await opened(first);
  await opened(await requestMessage({ transactionId: 'AB' }));
  await opened(first);
});

const signingTime = (value: Uint8Array): Uint8Array => attribute(ATTRIBUTE.signingTime, value);
const at = (hours: number): Uint8Array => time(new Date(NOW.getTime() + hours * HOUR));
const inGeneralizedTime = (hours: number): Uint8Array =>
  encode(0x18, Buffer.from(new Date(NOW.getTime() + hours * HOUR).toISOString().replace(/[-:T]|\.\d+/g, '')));
const within = context({ signingTime: { past: HOUR, future: HOUR } });

for (const hours of [-2, 2])
  test(`P22 signingTime ${hours} h away from the present`, async () => {
    const message = withAttributes({}, signingTime(at(hours)));
    const { detail } = await refused(message, 'signing_time_refused', within);
    assert.match(detail, new RegExp(`is ${hours * 3600} s away`));
    await opened(message);
  });
test('P22 past and future have windows of their own', async () => {
  const lenient = context({ signingTime: { past: 24 * HOUR, future: HOUR } });
  await opened(withAttributes({}, signingTime(at(-23))), lenient);
  await refused(withAttributes({}, signingTime(at(-25))), 'signing_time_refused', lenient);
  await refused(withAttributes({}, signingTime(at(2))), 'signing_time_refused', lenient);
});
test('P22 signingTime at the edges of the window', async () => {
  for (const hours of [-1, 0, 1]) await opened(withAttributes({}, signingTime(at(hours))), within);
});
test('P22 signingTime absent', () => accepts(withAttributes({}), within));
test('P22 signingTime as GeneralizedTime', async () => {
  await opened(withAttributes({}, signingTime(inGeneralizedTime(0))), within);
  await refused(withAttributes({}, signingTime(inGeneralizedTime(2))), 'signing_time_refused', within);
});
test('P22 a malformed signingTime is a bad request when it is checked', async () => {
  const message = withAttributes({}, signingTime(encode(0x17, Buffer.from('tomorrow'))));
  await refused(message, 'request_refused', within);
  await opened(message);
});

test('P23 unknown attributes, also with several values and of odd types, are passed over', () =>
  accepts(
    withAttributes(
      {},
      attribute('1.2.840.113549.1.9.25.3', octetString(Buffer.alloc(16))),
      attribute('1.2.840.113549.1.9.16.2.47', sequence(oid('1.2.3')), nullValue),
      attribute('1.2.840.113549.1.9.52', sequence()),
      attribute('1.3.6.1.4.1.99999.1'),
    ),
  ));
test('P23 recipientNonce in a request is passed over', () =>
  accepts(withAttributes({ recipientNonce: octetString(Buffer.alloc(16)) })));

const TWICE: Readonly<Record<string, [string, Uint8Array, Uint8Array]>> = {
  messageType: [SCEP_ATTRIBUTE.messageType, printableString('19'), printableString('17')],
  transactionId: [SCEP_ATTRIBUTE.transactionId, printableString('A'), printableString('B')],
  senderNonce: [SCEP_ATTRIBUTE.senderNonce, octetString(Buffer.alloc(16)), octetString(Buffer.alloc(8))],
};
for (const [what, [type, one, other]] of Object.entries(TWICE)) {
  test(`P24 ${what} with two values`, () =>
    refuses(
      forge({ attributes: [...scepAttributes({ [what]: undefined }), attribute(type, one, other)] }),
      'request_refused',
    ));
  test(`P24 ${what} twice`, () =>
    refuses(withAttributes({ [what]: undefined }, attribute(type, one), attribute(type, other)), 'request_refused'));
}
test('P24 signingTime twice', () =>
  refuses(withAttributes({}, signingTime(at(0)), signingTime(at(0))), 'request_refused', within));
test('P24 messageDigest with two values, of which one is right', () =>
  refuses(withAttributes({}, attribute(ATTRIBUTE.messageDigest, octetString(Buffer.alloc(32)))), 'request_refused'));
