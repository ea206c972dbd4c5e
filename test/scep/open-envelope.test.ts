/** The envelope of a request: key transports, ciphers and recipients. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explicit, implicit } from '../../src/asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, setOf, smallInteger } from '../../src/asn1/writer.ts';
import { cipherByName, digestIdentifier, keyTransportIdentifier } from '../../src/cms/algorithms.ts';
import type { Digest, KeyTransport } from '../../src/core/keys.ts';
import { keyIdentifier } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { registrationAuthority } from '../../src/scep/registration-authority.ts';
import {
  algorithm,
  encryptKey,
  type EnvelopeParts,
  forge,
  forgeEnvelope,
  keyTransRecipientInfo,
  nameOf,
  recipientInfo,
} from '../kit/forge.ts';
import { rsaKey } from '../kit/keys.ts';
import { client, context, everyLegacy, type Keyed, ra, raFor } from '../kit/pki.ts';
import { accepts, CSR, opened, refuses, requestMessage } from '../kit/requests.ts';

const withLegacy = context({ legacy: everyLegacy });
const envelope = (parts: Partial<EnvelopeParts>): Uint8Array => forge({ content: forgeEnvelope(parts) });

const PKCS1: KeyTransport = { scheme: 'pkcs1' };
const oaep = (hash: Digest, mgf1Hash: Digest): KeyTransport => ({ scheme: 'oaep', hash, mgf1Hash });

const RSAES_OAEP = '1.2.840.113549.1.1.7';
const MGF1 = '1.2.840.113549.1.1.8';
const SPECIFIED = '1.2.840.113549.1.1.9';
const sha1 = digestIdentifier('sha1');
const label = (octets: Uint8Array): Uint8Array => encode(explicit(2), sequence(oid(SPECIFIED), octetString(octets)));

/** keyEncryptionAlgorithm as written, and what it means. */
const TRANSPORTS: Readonly<Record<string, [Uint8Array, KeyTransport]>> = {
  'E01 rsaEncryption with NULL': [algorithm('1.2.840.113549.1.1.1', nullValue), PKCS1],
  'E01 rsaEncryption without parameters': [algorithm('1.2.840.113549.1.1.1'), PKCS1],
  'E02 OAEP without parameters': [algorithm(RSAES_OAEP), oaep('sha1', 'sha1')],
  'E02 OAEP with an empty SEQUENCE': [algorithm(RSAES_OAEP, sequence()), oaep('sha1', 'sha1')],
  'E02 OAEP with NULL': [algorithm(RSAES_OAEP, nullValue), oaep('sha1', 'sha1')],
  'E02 OAEP with every default written out': [
    algorithm(
      RSAES_OAEP,
      sequence(encode(explicit(0), sha1), encode(explicit(1), sequence(oid(MGF1), sha1)), label(Buffer.alloc(0))),
    ),
    oaep('sha1', 'sha1'),
  ],
  'E03 OAEP SHA-256, MGF1 SHA-256': [keyTransportIdentifier(oaep('sha256', 'sha256')), oaep('sha256', 'sha256')],
  'E03 OAEP SHA-256, MGF1 SHA-1': [keyTransportIdentifier(oaep('sha256', 'sha1')), oaep('sha256', 'sha1')],
  'E03 OAEP SHA-1, MGF1 SHA-256': [keyTransportIdentifier(oaep('sha1', 'sha256')), oaep('sha1', 'sha256')],
  'E03 OAEP SHA-384': [keyTransportIdentifier(oaep('sha384', 'sha384')), oaep('sha384', 'sha384')],
  'E03 OAEP SHA-512': [keyTransportIdentifier(oaep('sha512', 'sha512')), oaep('sha512', 'sha512')],
};
for (const [what, [identifier, transport]] of Object.entries(TRANSPORTS))
  test(what, async () => {
    const recipients = (key: Uint8Array) => [recipientInfo(ra, key, { transport, algorithm: identifier })];
    assert.deepEqual((await opened(envelope({ recipients }))).replyTo.transport, transport);
  });

const UNKNOWN_TRANSPORTS: Readonly<Record<string, Uint8Array>> = {
  'E03 OAEP with MD5': algorithm(RSAES_OAEP, sequence(encode(explicit(0), algorithm('1.2.840.113549.2.5', nullValue)))),
  'E03 OAEP with a mask that is not MGF1': algorithm(RSAES_OAEP, sequence(encode(explicit(1), algorithm('1.2.3')))),
  'E03 OAEP with a label': algorithm(RSAES_OAEP, sequence(label(Buffer.from('label')))),
  'E07 an unknown key transport': algorithm('1.2.3.4'),
};
for (const [what, identifier] of Object.entries(UNKNOWN_TRANSPORTS))
  test(`${what} is refused`, () =>
    refuses(
      envelope({ recipients: (key) => [recipientInfo(ra, key, { algorithm: identifier })] }),
      'algorithm_refused',
    ));

for (const name of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'])
  test(`E04 ${name} is accepted and mirrored`, async () => {
    const { replyTo, legacy } = await opened(envelope({ cipher: cipherByName(name)! }));
    assert.deepEqual([replyTo.cipher, legacy], [name, []]);
  });

for (const [id, name, legacyName] of [
  ['E05', 'des-ede3-cbc', 'des3'],
  ['E06', 'des-cbc', 'des'],
] as const)
  test(`${id} ${name} is refused, and accepted and mirrored where it is legacy`, async () => {
    const message = envelope({ cipher: cipherByName(name)! });
    await refuses(message, 'algorithm_refused');
    const { replyTo, legacy } = await opened(message, withLegacy);
    assert.deepEqual([replyTo.cipher, legacy], [name, [legacyName]]);
    const others = new Set([...everyLegacy].filter((one) => one !== legacyName));
    await refuses(message, 'algorithm_refused', context({ legacy: others }));
  });

for (const [what, id] of [
  ['RC2', '1.2.840.113549.3.2'],
  ['RC4', '1.2.840.113549.3.4'],
  ['AES-128-GCM', '2.16.840.1.101.3.4.1.6'],
  ['an unknown cipher', '1.2.3.4'],
])
  test(`E07 ${what} is refused, also with every legacy algorithm on`, () =>
    refuses(envelope({ cipher: { ...cipherByName('aes-128-cbc')!, oid: id! } }), 'algorithm_refused', withLegacy));

const other = await raFor(rsaKey('other ra'), 'CN=Other RA');
const third = await raFor(rsaKey('third ra'), 'CN=Third RA');

test('E08 several RecipientInfos, ours last', () =>
  accepts(envelope({ recipients: (key) => [other, third, ra].map((to) => recipientInfo(to, key)) })));
test('E08 RecipientInfos of other kinds beside ours', () =>
  accepts(
    envelope({
      recipients: (key) => [
        encode(explicit(1), smallInteger(3)),
        encode(explicit(2), smallInteger(4)),
        encode(explicit(3), smallInteger(0)),
        recipientInfo(ra, key),
      ],
    }),
  ));
test('E08 17 RecipientInfos are too many', () =>
  refuses(
    envelope({ recipients: (key) => Array.from({ length: 17 }, () => recipientInfo(ra, key)) }),
    'request_refused',
  ));

const bySki = (to: Keyed): Uint8Array => encode(implicit(0), keyIdentifier(to.key.spki));
test('E09 recipient named by SKI, beside another', () =>
  accepts(envelope({ recipients: (key) => [recipientInfo(other, key), recipientInfo(ra, key, { id: bySki(ra) })] })));
test('E09 one recipient, named by an unknown issuer', () => {
  const id = sequence(nameFromText('CN=old CA'), smallInteger(1));
  return accepts(envelope({ recipients: (key) => [recipientInfo(ra, key, { id })] }));
});
test('E09 A08 a retired RA key opens, by itself and beside the current one', async () => {
  const by = context({}, registrationAuthority(ra, [other]));
  await accepts(await requestMessage({ recipient: other.certificate }), by);
  await accepts(await requestMessage(), by);
  await accepts(envelope({ recipients: (key) => [recipientInfo(third, key), recipientInfo(other, key)] }), by);
});

const chunks = (octets: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(octets.length / size) }, (_, i) =>
    octetString(octets.subarray(i * size, (i + 1) * size)),
  );
const CONTENT_FORMS: Readonly<Record<string, EnvelopeParts['encryptedContent']>> = {
  'E10 primitive': (octets) => encode(implicit(0), octets),
  'E10 constructed of one OCTET STRING': (octets) => encode(explicit(0), octetString(octets)),
  'E10 constructed of many OCTET STRINGs': (octets) => encode(explicit(0), ...chunks(octets, 100)),
};
for (const [what, encryptedContent] of Object.entries(CONTENT_FORMS))
  test(`${what} encryptedContent`, () => accepts(envelope({ encryptedContent })));

test('E11 encrypted to another RA', async () =>
  refuses(await requestMessage({ recipient: other.certificate }), 'request_refused'));
test('E11 encrypted to several others', () =>
  refuses(envelope({ recipients: (key) => [other, third].map((to) => recipientInfo(to, key)) }), 'request_refused'));
for (const bits of [1024, 3072])
  test(`E11 encrypted to another RA whose key has ${bits} bits`, async () => {
    const { certificate } = await raFor(rsaKey('another', bits), 'CN=Another RA');
    await refuses(await requestMessage({ recipient: certificate }), 'request_refused');
  });
test('E11 no recipient', () => refuses(envelope({ recipients: () => [] }), 'request_refused'));

const modulusOctets = 256;
const KEYS: Readonly<Record<string, Uint8Array>> = {
  empty: Buffer.alloc(0),
  'an octet too short': Buffer.alloc(modulusOctets - 1, 1),
  'an octet too long': Buffer.alloc(modulusOctets + 1, 1),
  'as large as the modulus allows no more': Buffer.alloc(modulusOctets, 0xff),
  zero: Buffer.alloc(modulusOctets),
};
for (const [what, encryptedKey] of Object.entries(KEYS))
  for (const transport of [PKCS1, oaep('sha1', 'sha1'), oaep('sha256', 'sha1')])
    test(`E12 encryptedKey ${what}, ${Object.values(transport).join(' ')}`, () => {
      const info = keyTransRecipientInfo(nameOf(ra.certificate), keyTransportIdentifier(transport), encryptedKey);
      return refuses(envelope({ recipients: () => [info] }), 'request_refused');
    });

test('EnvelopedData with originatorInfo and unprotectedAttrs', () =>
  accepts(
    envelope({
      originator: [encode(explicit(0), encode(explicit(0), client.certificate))],
      trailer: [encode(explicit(1), sequence(oid('1.2.3'), setOf(nullValue)))],
    }),
  ));

test('the CSR may be padded by zeros, as clients do', async () => {
  const { content } = await opened(envelope({ content: Buffer.concat([CSR, Buffer.alloc(5)]) }));
  assert.deepEqual(Buffer.from(content.csr.der), Buffer.from(CSR));
});

test('the kit encrypts encryptedKey so that the RA can decrypt it', async () => {
  const contentKey = Buffer.alloc(16, 7);
  for (const transport of [PKCS1, oaep('sha256', 'sha1')])
    assert.deepEqual(Buffer.from(await ra.key.decrypt!(encryptKey(ra, contentKey, transport), transport)), contentKey);
});

test('content that is longer than any request is refused before the RA key is used for it', async () => {
  let used = 0;
  const { key, certificate } = ra;
  const counting = {
    certificate,
    key: {
      ...key,
      decrypt: (...args: Parameters<NonNullable<typeof key.decrypt>>) => (used++, key.decrypt!(...args)),
    },
  };
  const own = context({}, registrationAuthority(counting));
  const message = (length: number): Uint8Array => envelope({ content: Buffer.alloc(length) });
  await refuses(message(128 * 1024 + 16), 'request_refused', own);
  assert.equal(used, 0);
  await refuses(message(128 * 1024), 'request_refused', own);
  assert.equal(used, 1);
});
