/** Hashes of administrators' passwords: a standard format, a new salt each time, and bounded costs. */
import assert from 'node:assert/strict';
import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { hashPassword, parsePasswordHash, passwordMatches } from '../../src/access/password-hash.ts';
import { random } from '../kit/pki.ts';

const parsed = (text: string) => parsePasswordHash(text) ?? assert.fail(`not a hash: ${text}`);

test('a password matches its own hash and no other does', async () => {
  const hash = parsed(await hashPassword('correct horse', random));
  assert.equal(await passwordMatches('correct horse', hash), true);
  for (const wrong of ['correct hors', 'Correct horse', 'correct horse ', ''])
    assert.equal(await passwordMatches(wrong, hash), false, wrong);
});

test('the string is in PHC format, and scrypt of node:crypto computes the same hash', async () => {
  const text = await hashPassword('pässwörd', (length) => new Uint8Array(length).fill(7));
  const [, name, cost, salt, hash] = text.split('$');
  assert.deepEqual([name, cost, salt], ['scrypt', 'ln=16,r=8,p=1', 'BwcHBwcHBwcHBwcHBwcHBw']);
  const expected = scryptSync('pässwörd', Buffer.alloc(16, 7), 32, { N: 65_536, r: 8, p: 1, maxmem: 2 ** 28 });
  assert.equal(Buffer.from(hash!, 'base64').toString('hex'), expected.toString('hex'));
});

test('with PBKDF2 the string names it, and pbkdf2 of node:crypto computes the same hash', async () => {
  const text = await hashPassword('pässwörd', (length) => new Uint8Array(length).fill(7), 'pbkdf2-sha256');
  const [, name, cost, salt, hash] = text.split('$');
  assert.deepEqual([name, cost, salt], ['pbkdf2-sha256', 'i=600000', 'BwcHBwcHBwcHBwcHBwcHBw']);
  const expected = pbkdf2Sync('pässwörd', Buffer.alloc(16, 7), 600_000, 32, 'sha256');
  assert.equal(Buffer.from(hash!, 'base64').toString('hex'), expected.toString('hex'));
  assert.equal(await passwordMatches('pässwörd', parsed(text)), true);
  assert.equal(await passwordMatches('passwörd', parsed(text)), false);
});

test('composed and decomposed Unicode letters are the same password', async () => {
  const hash = parsed(await hashPassword('p\u00e4ss', random));
  assert.equal(await passwordMatches('pa\u0308ss', hash), true);
});

test('the same password has a different hash each time', async () => {
  assert.notEqual(await hashPassword('x', random), await hashPassword('x', random));
});

const SALT = 'BwcHBwcHBwcHBwcHBwcHBw';
const HASH = 'A'.repeat(43);
for (const [why, text] of [
  ['clear text', 'correct horse'],
  ['empty', ''],
  ['another algorithm', `$argon2id$v=19$m=65536,t=3,p=4$${SALT}$${HASH}`],
  ['a short hash', `$scrypt$ln=16,r=8,p=1$${SALT}$AAAA`],
  ['a name in upper case', `$SCRYPT$ln=16,r=8,p=1$${SALT}$${HASH}`],
  ['something before it', `x$scrypt$ln=16,r=8,p=1$${SALT}$${HASH}`],
  ['something behind it', `$scrypt$ln=16,r=8,p=1$${SALT}$${HASH}$`],
  ['too few iterations', `$pbkdf2-sha256$i=9999$${SALT}$${HASH}`],
  ['too many iterations', `$pbkdf2-sha256$i=5000001$${SALT}$${HASH}`],
  ['PBKDF2 with SHA-1', `$pbkdf2$i=600000$${SALT}$${HASH}`],
  ['too cheap', `$scrypt$ln=4,r=8,p=1$${SALT}$${HASH}`],
  ['just too cheap', `$scrypt$ln=9,r=8,p=1$${SALT}$${HASH}`],
  ['just over 256 MiB', `$scrypt$ln=18,r=9,p=1$${SALT}$${HASH}`],
  ['five times over the memory', `$scrypt$ln=16,r=8,p=5$${SALT}$${HASH}`],
  ['4 GiB for each login', `$scrypt$ln=22,r=8,p=1$${SALT}$${HASH}`],
  ['a minute for each login', `$scrypt$ln=16,r=8,p=99$${SALT}$${HASH}`],
  ['r of zero', `$scrypt$ln=16,r=0,p=1$${SALT}$${HASH}`],
])
  test(`refused: ${why}`, () => assert.equal(parsePasswordHash(text!), undefined));

for (const [ln, r, p] of [
  [10, 1, 1],
  [18, 8, 4],
] as const)
  test(`accepted: ln=${ln}, r=${r}, p=${p}, the least or the most that there may be of each`, () => {
    const { salt, hash, ...cost } = parsed(`$scrypt$ln=${ln},r=${r},p=${p}$${SALT}$${HASH}`);
    assert.deepEqual(cost, { kdf: 'scrypt', ln, r, p });
    assert.deepEqual([salt.length, hash.length], [16, 32]);
  });
