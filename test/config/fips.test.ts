/** `fips`: which other keys are refused with it, and that it has no default for PKCS#1 v1.5. */
import assert from 'node:assert/strict';
import { hashOf } from '../../src/config/admin-access.ts';
import { test } from 'node:test';
import { AUTHORITIES, ENDPOINTS, load, problemsOf } from './config-under-test.ts';

const FIPS = 'fips: { required: true, pkcs1KeyTransport: allow }\n';
const withLegacy = (legacy: string): string =>
  `${AUTHORITIES}endpoints: [{ policy: { static: abcdefgh }, legacy: [${legacy}] }]\n`;

test('pkcs1KeyTransport has no default', () => {
  const [problem] = problemsOf(`fips: { required: true }\n${AUTHORITIES}${ENDPOINTS}`);
  assert.match(problem!, /fips\.pkcs1KeyTransport: missing/);
});

for (const [name, why] of [
  ['des3', 'triple DES may not encrypt since 2024 (SP 800-131A)'],
  ['des', 'DES was withdrawn in 2005 (FIPS 46-3)'],
  ['sha1', 'SHA-1 may not be used for signatures (SP 800-131A)'],
  ['rsa1024', 'RSA keys need at least 2048 bits (SP 800-131A)'],
] as const)
  test(`legacy ${name} is refused with fips.required, and accepted without it`, () => {
    const [problem, ...others] = problemsOf(`${FIPS}${withLegacy(`null-wrap, ${name}`)}`);
    assert.ok(problem?.includes(`\`${name}\` cannot be used with \`fips.required\`: ${why}`), problem);
    assert.deepEqual(others, []);
    assert.deepEqual(problemsOf(withLegacy(name)), []);
  });

test('null-wrap is no algorithm, and stays', () => {
  assert.deepEqual(problemsOf(`${FIPS}${withLegacy('null-wrap')}`), []);
});

const SALT = 'BwcHBwcHBwcHBwcHBwcHBw';
const users = (hash: string): string => `admin: { users: { ndes: "${hash}" } }\n`;
const SCRYPT = `$scrypt$ln=16,r=8,p=1$${SALT}$${'A'.repeat(43)}`;
const PBKDF2 = `$pbkdf2-sha256$i=600000$${SALT}$${'A'.repeat(43)}`;

test('a scrypt hash is refused with fips.required, with the command for another one', () => {
  const [problem, ...others] = problemsOf(`${FIPS}${users(SCRYPT)}${AUTHORITIES}${ENDPOINTS}`);
  assert.match(problem!, /admin\.users\.ndes: this hash was made with scrypt.*openndes hash-password --pbkdf2/);
  assert.deepEqual(others, []);
});

test('a PBKDF2 hash is accepted with and without fips.required', () => {
  for (const fips of [FIPS, '']) {
    const { config } = load(`${fips}${users(PBKDF2)}${AUTHORITIES}${ENDPOINTS}`);
    assert.equal(hashOf(config.admin!.users['ndes']!).kdf, 'pbkdf2-sha256');
  }
});
