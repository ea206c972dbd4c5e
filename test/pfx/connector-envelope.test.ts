/** Passwords encrypted to the connector. */
import assert from 'node:assert/strict';
import { constants, createPrivateKey, createPublicKey, privateDecrypt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeOaep } from '../../src/keys/oaep.ts';
import {
  longestPassword,
  PADDING_SCHEMES,
  type PaddingScheme,
  sealPfxPassword,
} from '../../src/pfx/connector-envelope.ts';
import { readConnectorKey } from '../../src/pfx/connector-key.ts';
import { rsaKey } from '../kit/keys.ts';
import { connectorPem, pinned } from './connector-forms.ts';

const FOLDER = new URL('../vectors/pfx/', import.meta.url);
const privateKey = createPrivateKey(readFileSync(new URL('connector.key.pem', FOLDER)));
const publicKey = createPublicKey(privateKey);
const connector = readConnectorKey(Buffer.from(connectorPem(publicKey)), pinned(publicKey));
const HASHES = { oaepSha512: 'sha512', oaepSha384: 'sha384', oaepSha256: 'sha256' } as const;

/** What the connector finds: OAEP with one hash for both. */
const opened = (sealed: string, scheme: PaddingScheme): string =>
  privateDecrypt(
    { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: HASHES[scheme] },
    Buffer.from(sealed, 'base64'),
  ).toString('latin1');

type Vector = { why: string; scheme: PaddingScheme; password: string; sha256: string; encryptedPfxPassword: string };
const VECTORS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Vector);

test('there is a vector of each scheme, and the first scheme is the default', () => {
  assert.deepEqual(VECTORS.map(({ scheme }) => scheme).toSorted(), PADDING_SCHEMES.toSorted());
  assert.equal(opened(sealPfxPassword(connector, 'default'), 'oaepSha512'), 'default');
});

for (const { why, scheme, password, sha256, encryptedPfxPassword } of VECTORS)
  test(`a fixed vector opens with the committed key: ${why}`, () => {
    assert.equal(sha256, connector.sha256);
    assert.equal(encryptedPfxPassword.length, 344);
    assert.equal(opened(encryptedPfxPassword, scheme), password);
    assert.equal(password, 'Pass word ~ 0123456789 !');
  });

for (const [scheme, longest] of [
  ['oaepSha512', 126],
  ['oaepSha384', 158],
  ['oaepSha256', 190],
] as const)
  test(`${scheme} takes ${longest} characters with a key of 2,048 bits, and no more`, () => {
    assert.equal(longestPassword(connector, scheme), longest);
    const most = '~'.repeat(longest);
    const sealed = sealPfxPassword(connector, most, scheme);
    assert.equal(sealed.length, 344);
    assert.equal(opened(sealed, scheme), most);
    assert.throws(() => sealPfxPassword(connector, `${most}~`, scheme), {
      name: 'RangeError',
      message: `the password has ${longest + 1} characters, and ${scheme} takes ${longest} with this key`,
    });
  });

for (const scheme of PADDING_SCHEMES)
  test(`${scheme} has the same hash in MGF1, and an empty label`, () => {
    const sealed = Buffer.from(sealPfxPassword(connector, 'secret', scheme), 'base64');
    const encoded = privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, sealed);
    const text = (mgf1Hash: 'sha1' | 'sha256' | 'sha384' | 'sha512'): string =>
      Buffer.from(decodeOaep(encoded, HASHES[scheme], mgf1Hash)).toString('latin1');
    assert.equal(text(HASHES[scheme]), 'secret');
    for (const other of (['sha1', 'sha256', 'sha384', 'sha512'] as const).filter((hash) => hash !== HASHES[scheme]))
      assert.equal(text(other), '');
  });

test('a larger key takes longer passwords, and its blob has the length of the modulus', () => {
  const large = createPublicKey(rsaKey('connector', 3072).privateKey);
  const key = readConnectorKey(Buffer.from(connectorPem(large)), pinned(large));
  assert.equal(longestPassword(key, 'oaepSha512'), 254);
  assert.equal(Buffer.from(sealPfxPassword(key, 'x'.repeat(254)), 'base64').length, 384);
});

for (const wrong of ['', 'Zürich', '\u20ac', 'a\0', 'tab\t', 'a\x7f', 'a\x1f', 'line\r\n'])
  test(`the password ${JSON.stringify(wrong)} is refused, and is not in the error`, () => {
    assert.throws(() => sealPfxPassword(connector, wrong), {
      name: 'RangeError',
      message: 'the password of a PKCS#12 file is empty, or not printable ASCII: Intune cannot take it',
    });
  });

const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));

test('every printable password is found again as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: printable, minLength: 1, maxLength: 126 }),
      fc.constantFrom(...PADDING_SCHEMES),
      (password, scheme) => assert.equal(opened(sealPfxPassword(connector, password, scheme), scheme), password),
    ),
    { numRuns: 200 },
  );
});
