/** The structure of SignedData and EnvelopedData: how many elements of each kind, what may follow, and whom a message is for. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { encode, nullValue, octetString, oid, sequence, setOf, smallInteger } from '../../src/asn1/writer.ts';
import { readAttributes, singleValue } from '../../src/cms/attributes.ts';
import { enterContentInfo } from '../../src/cms/content-info.ts';
import { keyEncryptionKey } from '../../src/cms/key-agreement.ts';
import { chooseRecipient, isAddressedTo, readEnvelopedData } from '../../src/cms/enveloped-data.ts';
import { readSignedData, verifySigner, writeDegenerate } from '../../src/cms/signed-data.ts';
import { UnsupportedAlgorithm } from '../../src/pkix/algorithm-names.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { readPublicKey } from '../../src/pkix/public-key.ts';
import { attribute, forge, forgeEnvelope, nameOf, recipientInfo } from '../kit/forge.ts';
import { client, issuing, ra, root } from '../kit/pki.ts';
import { flat, type Node, nodesOf, octetsOf } from '../kit/tree.ts';

const DATA = '1.2.840.113549.1.7.1';
const many = (count: number, one: (index: number) => Uint8Array): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => one(index));

/** Attributes of `count` types, DER, as the SET that is signed. */
const types = (count: number) => encode(0x31, ...many(count, (index) => attribute(`1.2.3.${index}`, nullValue)));
const values = (count: number) => encode(0x31, attribute('1.2.3', ...many(count, smallInteger)));
const recipients = (count: number) =>
  forgeEnvelope({ recipients: (contentKey) => Array<Uint8Array>(count).fill(recipientInfo(ra, contentKey)) });
const chunks = (count: number) =>
  forgeEnvelope({ encryptedContent: () => encode(0xa0, ...many(count, () => octetString(Buffer.alloc(16)))) });

/** A pkiMessage with other children in its SignedData: version, digestAlgorithms, encapContentInfo, certificates, signerInfos. */
function signedWith(change: (children: Node[]) => void): Uint8Array {
  const [message] = nodesOf(forge());
  const below = (node: Node): Node[] => ('children' in node ? node.children : []);
  change(below(below(below(message!)[1]!)[0]!));
  return octetsOf(message!);
}
const digests = (count: number) =>
  signedWith((children) => {
    const [digest] = (children[1] as { children: Node[] }).children;
    children[1] = { tag: 0x31, children: Array<Node>(count).fill(digest!) };
  });

/** What is read, how many of it may be there, and a message with so many. */
const MOST: Readonly<
  Record<string, [most: number, message: (count: number) => Uint8Array, read: (der: Uint8Array) => unknown]>
> = {
  'signed attributes': [64, types, (der) => readAttributes(der, 0x31)],
  'values of one attribute': [64, values, (der) => readAttributes(der, 0x31)],
  certificates: [
    16,
    (count) => forge({ certificates: Array<Uint8Array>(count).fill(client.certificate) }),
    readSignedData,
  ],
  'digest algorithms': [16, digests, readSignedData],
  'revocation lists': [
    16,
    (count) =>
      writeDegenerate(
        [],
        many(count, () => sequence()),
      ),
    readSignedData,
  ],
  'signer infos': [2, (count) => forge({ signerInfos: (one) => Array<Uint8Array>(count).fill(one) }), readSignedData],
  'recipient infos': [16, recipients, readEnvelopedData],
  'chunks of the encrypted content': [4096, chunks, readEnvelopedData],
};
for (const [what, [most, message, read]] of Object.entries(MOST))
  test(`${most} ${what} are read, and one more is rejected`, () => {
    read(message(most));
    assert.throws(() => read(message(most + 1)), new RegExp(`^DerError: more than ${most} elements at offset`));
  });

test('an attribute with something behind its values is rejected', () => {
  const longer = encode(0x31, sequence(oid('1.2.3'), setOf(nullValue), nullValue));
  assert.throws(() => readAttributes(longer, 0x31), /2 octets left/);
});

test('an attribute has one value, or none when it is absent', () => {
  const read = (...attributes: Uint8Array[]) => singleValue(readAttributes(encode(0x31, ...attributes), 0x31), '1.2.3');
  assert.deepEqual(read(attribute('1.2.3', smallInteger(5)))?.content, Buffer.of(5));
  assert.equal(read(attribute('1.2.4', smallInteger(5))), undefined);
  for (const several of [
    [attribute('1.2.3')],
    [attribute('1.2.3', smallInteger(5), smallInteger(6))],
    [attribute('1.2.3', smallInteger(5)), attribute('1.2.3', smallInteger(5))],
  ])
    assert.throws(() => read(...several), /^DerError: attribute 1\.2\.3 has [02] values$/);
});

test('an envelope with authenticated encryption is an algorithm that is not supported', () => {
  const message = sequence(oid('1.2.840.113549.1.9.16.1.23'), encode(0xa0, sequence()));
  assert.throws(() => enterContentInfo(message, DATA), UnsupportedAlgorithm);
});

test('another content type is rejected and named', () => {
  const message = sequence(oid('1.2.840.113549.1.7.5'), encode(0xa0, sequence()));
  assert.throws(() => enterContentInfo(message, DATA), /^DerError: content type 1\.2\.840\.113549\.1\.7\.5$/);
});

test('PKCS#7 1.5: the content is an element, and the digest covers its content octets', () => {
  const { content, message } = readSignedData(forge({ encapsulate: () => sequence(smallInteger(5)) }));
  assert.deepEqual(content, Buffer.from('020105', 'hex'));
  assert.deepEqual(message, Buffer.from('3003020105', 'hex'));
  assert.throws(() => readSignedData(forge({ encapsulate: () => nullValue })), /^DerError: eContent with tag 0x5$/);
});

test('certificates of other formats are left out, and the others keep their order', () => {
  const attributeCertificate = encode(0xa2, smallInteger(1));
  const read = readSignedData(forge({ certificates: [root.certificate, attributeCertificate, client.certificate] }));
  assert.deepEqual(
    read.certificates.map((der) => Buffer.from(der)),
    [root.certificate, client.certificate].map((der) => Buffer.from(der)),
  );
});

test('an initialization vector of another length than a block is rejected', () => {
  const [message] = nodesOf(forgeEnvelope());
  const iv = flat(message!).find(({ tag, ...node }) => tag === 0x04 && 'content' in node && node.content.length === 16);
  for (const length of [15, 17]) {
    Object.assign(iv!, { content: Buffer.alloc(length) });
    assert.throws(() => readEnvelopedData(octetsOf(message!)), new RegExp(`^DerError: IV of ${length} octets$`));
  }
});

test('an unknown cipher is named, and its parameters are not read', () => {
  const [message] = nodesOf(forgeEnvelope());
  const aes = Buffer.from('608648016503040102', 'hex');
  const id = flat(message!).find((node) => 'content' in node && aes.equals(node.content));
  Object.assign(id!, { content: Buffer.from('2a864886f70d0302', 'hex') });
  const { cipher, cipherOid, iv } = readEnvelopedData(octetsOf(message!));
  assert.deepEqual([cipher, cipherOid, iv.length], [undefined, '1.2.840.113549.3.2', 0]);
});

test('a signature counts only for the digest that its algorithm names', () => {
  const verified = (different: Parameters<typeof forge>[0]) => {
    const data = readSignedData(forge(different));
    return verifySigner(data, data.signers[0]!, readPublicKey(client.key.spki));
  };
  const withDigest = (last: number) => sequence(oid(`1.2.840.113549.1.1.${last}`), nullValue);
  assert.equal(verified({ signatureIdentifier: withDigest(11) }), true, 'sha256WithRSAEncryption');
  assert.equal(verified({ signatureIdentifier: withDigest(13) }), false, 'sha512WithRSAEncryption');
  assert.equal(verified({ signatureIdentifier: withDigest(4) }), false, 'md5WithRSAEncryption');
});

const holder = ({ certificate, key }: typeof ra) => ({
  certificate: readCertificate(certificate),
  keyIdentifier: Buffer.from('id'),
  key,
});
const addressedTo = (...ids: Uint8Array[]) =>
  readEnvelopedData(
    forgeEnvelope({ recipients: (contentKey) => ids.map((id) => recipientInfo(ra, contentKey, { id })) }),
  );

test('of several recipient infos the one that names a key is chosen, with that key', () => {
  const other = holder(issuing);
  const chosen = chooseRecipient(addressedTo(nameOf(root.certificate), nameOf(ra.certificate)), [other, holder(ra)]);
  assert.equal(chosen?.key, ra.key);
  assert.deepEqual(chosen?.recipient.id, readEnvelopedData(forgeEnvelope()).recipients[0]?.id);
});

test('a single recipient info that names no key is for the first key; of several, none is', () => {
  const [absent, another] = [nameOf(root.certificate), nameOf(client.certificate)];
  assert.equal(chooseRecipient(addressedTo(absent), [holder(ra), holder(issuing)])?.key, ra.key);
  assert.equal(chooseRecipient(addressedTo(absent, another), [holder(ra)]), undefined);
  assert.equal(chooseRecipient(addressedTo(absent), []), undefined);
  assert.equal(chooseRecipient(addressedTo(), [holder(ra)]), undefined);
});

test('a key is named by issuer and serial number together, or by its key identifier', () => {
  const key = holder(ra);
  const { issuer, serialNumber } = key.certificate;
  const other = Buffer.from('other');
  assert.equal(isAddressedTo({ issuer, serialNumber }, key), true);
  assert.equal(isAddressedTo({ issuer, serialNumber: other }, key), false);
  assert.equal(isAddressedTo({ issuer: other, serialNumber }, key), false);
  assert.equal(isAddressedTo({ keyIdentifier: Buffer.from('id') }, key), true);
  assert.equal(isAddressedTo({ keyIdentifier: other }, key), false);
});

test('a bare EnvelopedData is read, and originatorInfo is passed over', () => {
  const bare = readEnvelopedData(
    forgeEnvelope({ wrap: (enveloped) => enveloped, originator: [encode(0xa0, nullValue)] }),
  );
  assert.equal(bare.recipients.length, 1);
  assert.equal(DerReader.over(forgeEnvelope()).sequence().oid(), '1.2.840.113549.1.7.3');
});

test('certificates and revocation lists that are not there leave no empty element behind', () => {
  const tags = (...lists: Parameters<typeof writeDegenerate>): number[] => {
    const signed = DerReader.over(writeDegenerate(...lists)).sequence();
    signed.oid();
    return signed
      .enter(0xa0)
      .sequence()
      .each(9, (list) => list.element().tag);
  };
  assert.deepEqual(tags([]), [0x02, 0x31, 0x30, 0x31]);
  assert.deepEqual(tags([root.certificate]), [0x02, 0x31, 0x30, 0xa0, 0x31]);
  assert.deepEqual(tags([], [sequence()]), [0x02, 0x31, 0x30, 0xa1, 0x31]);
});

test('the key-encryption key of a message with user keying material depends on it: RFC 5753 7.2', () => {
  const secret = Buffer.alloc(32, 1);
  const keyWrap = Buffer.from('300b0609608648016503040105', 'hex');
  const sharedInfo = '301d300b0609608648016503040105a006040475736572a206040400000080';
  const expected = hash('sha256', Buffer.concat([secret, Buffer.from(`00000001${sharedInfo}`, 'hex')]), 'buffer');
  const key = keyEncryptionKey({ secret, digest: 'sha256', keyWrap, keyBytes: 16, ukm: Buffer.from('user') });
  assert.deepEqual(key, expected.subarray(0, 16));
});

test('a key longer than the hash takes blocks with a counter: SEC 1 3.6.1', () => {
  const secret = Buffer.alloc(32, 1);
  const keyWrap = Buffer.from('300b060960864801650304012d', 'hex');
  const sharedInfo = '3015300b060960864801650304012da206040400000100';
  const block = (counter: string) =>
    hash('sha1', Buffer.concat([secret, Buffer.from(`${counter}${sharedInfo}`, 'hex')]), 'buffer');
  const expected = Buffer.concat([block('00000001'), block('00000002')]).subarray(0, 32);
  assert.deepEqual(keyEncryptionKey({ secret, digest: 'sha1', keyWrap, keyBytes: 32 }), expected);
});
