/** Files that wait for who has the token of their link. */
import assert from 'node:assert/strict';
import { createDecipheriv, hash, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { markOfToken, newLinkToken, openLinkedFile, sealLinkedFile } from '../../src/pfx/key-link.ts';
import { random } from '../kit/pki.ts';

const FILE = { name: 'jane-encryption.p12', file: new Uint8Array([0x30, 0, 255]) };
/** 32 octets of 7. */
const TOKEN = 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc';

test('a token has 256 bits of chance, in characters that a URL takes as they are', () => {
  assert.equal(
    newLinkToken((length) => new Uint8Array(length).fill(7)),
    TOKEN,
  );
  assert.match(newLinkToken(random), /^[A-Za-z0-9_-]{43}$/);
});

test('what is kept opens with the token, and with nothing else', () => {
  const kept = sealLinkedFile(FILE, TOKEN, random);
  const { name, file } = openLinkedFile(kept, TOKEN);
  assert.deepEqual([name, [...file]], ['jane-encryption.p12', [0x30, 0, 255]]);
  assert.throws(() => openLinkedFile(kept, newLinkToken(random)));
  assert.throws(() => openLinkedFile({ ...kept, mark: '0'.repeat(64) }, TOKEN), 'moved to another row');
  for (const at of [0, 13, kept.sealed.length - 1]) {
    const changed = { ...kept, sealed: kept.sealed.map((octet, index) => (index === at ? octet ^ 1 : octet)) };
    assert.throws(() => openLinkedFile(changed, TOKEN), `octet ${at}`);
  }
});

test('what is kept has neither file, name nor token in it, and is as docs/pfx.md says', () => {
  const { mark, sealed } = sealLinkedFile(FILE, TOKEN, random);
  const token = Buffer.alloc(32, 7);
  const derived = (purpose: string) => Buffer.from(hkdfSync('sha256', token, '', `openndes-key-link 1 ${purpose}`, 32));
  assert.equal(mark, hash('sha256', derived('mark'), 'hex'));
  const decipher = createDecipheriv('aes-256-gcm', derived('key'), sealed.subarray(0, 12)).setAAD(Buffer.from(mark));
  decipher.setAuthTag(sealed.subarray(-16));
  const opened = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString();
  assert.deepEqual(JSON.parse(opened), { name: 'jane-encryption.p12', file: 'MAD/' });
  assert.ok(!Buffer.from(sealed).includes('jane') && !Buffer.from(sealed).includes(token));
});

for (const text of [
  '',
  'x',
  TOKEN.slice(1),
  `${TOKEN}A`,
  `${TOKEN}=`,
  `${TOKEN.slice(0, -1)}d`,
  `${TOKEN.slice(0, -1)}+`,
])
  test(`${JSON.stringify(text)} is no token`, () => {
    assert.equal(markOfToken(text), undefined);
    assert.throws(() => sealLinkedFile(FILE, text, random), { name: 'RangeError' });
  });
