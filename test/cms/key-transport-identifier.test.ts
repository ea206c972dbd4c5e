/** keyEncryptionAlgorithm (RFC 3370 4.2.1, RFC 4055 4.1), octet by octet: what is written, and what is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DerReader } from '../../src/asn1/reader.ts';
import { keyTransportIdentifier, readKeyTransport } from '../../src/cms/algorithms.ts';
import type { KeyTransport } from '../../src/core/keys.ts';

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
const read = (text: string): KeyTransport | undefined =>
  readKeyTransport(DerReader.over(Buffer.from(text, 'hex')).sequence());

const OAEP = '06092a864886f70d010107';
const SHA_256 = '300d06096086480165030402010500';
const WITH_SHA_256 = `a00f${SHA_256}`;
const MGF1_WITH_SHA_256 = `a11c301a06092a864886f70d010108${SHA_256}`;

const SHA_1_ONLY = { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha1' } as const;
const BOTH: Readonly<Record<string, [KeyTransport, string]>> = {
  'PKCS#1 v1.5': [{ scheme: 'pkcs1' }, '300d06092a864886f70d0101010500'],
  'OAEP with SHA-1, which is the default of every field': [SHA_1_ONLY, `300d${OAEP}3000`],
  'OAEP with SHA-256': [
    { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha256' },
    `303c${OAEP}302f${WITH_SHA_256}${MGF1_WITH_SHA_256}`,
  ],
  'OAEP with SHA-256, MGF1 with SHA-1': [
    { scheme: 'oaep', hash: 'sha256', mgf1Hash: 'sha1' },
    `301e${OAEP}3011${WITH_SHA_256}`,
  ],
  'OAEP with SHA-1, MGF1 with SHA-256': [
    { scheme: 'oaep', hash: 'sha1', mgf1Hash: 'sha256' },
    `302b${OAEP}301e${MGF1_WITH_SHA_256}`,
  ],
};
for (const [what, [transport, identifier]] of Object.entries(BOTH))
  test(`${what} is written and read`, () => {
    assert.equal(hex(keyTransportIdentifier(transport)), identifier);
    assert.deepEqual(read(identifier), transport);
  });

const READ: Readonly<Record<string, [string, KeyTransport | undefined]>> = {
  'OAEP without parameters is all SHA-1': ['300b06092a864886f70d010107', SHA_1_ONLY],
  'the empty label is the same as none': [
    '301e06092a864886f70d0101073011a20f300d06092a864886f70d0101090400',
    SHA_1_ONLY,
  ],
  'OAEP with a label is not supported': [
    '301f06092a864886f70d0101073012a210300e06092a864886f70d010109040178',
    undefined,
  ],
  'OAEP with another source of the label is not supported': [
    '301e06092a864886f70d0101073011a20f300d06092a864886f70d01010a0400',
    undefined,
  ],
  'OAEP with MD5 is not supported': ['301d06092a864886f70d0101073010a00e300c06082a864886f70d02050500', undefined],
  'OAEP with another mask generation is not supported': [
    '302b06092a864886f70d010107301ea11c301a06092a864886f70d01010a300d06096086480165030402010500',
    undefined,
  ],
  'OAEP whose mask generation has MD5 is not supported': [
    '302a06092a864886f70d010107301da11b301906092a864886f70d010108300c06082a864886f70d02050500',
    undefined,
  ],
  'RSA-KEM (RFC 5990) is not supported': ['300d060b2a864886f70d010910030e', undefined],
};
for (const [what, [identifier, transport]] of Object.entries(READ))
  test(what, () => assert.deepEqual(read(identifier), transport));
