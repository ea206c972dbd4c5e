import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CIPHERS } from '../../src/cms/algorithms.ts';
import { selfTest } from '../../src/cms/self-test.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { rsaKey } from '../kit/keys.ts';

const key = rsaKey('self-test');

test('this runtime has every algorithm of GetCACaps', () => selfTest());
test('the self-test passes with a software key', () => selfTest({ key }));
for (const bits of [2049, 2050, 2055])
  test(`the self-test passes with an RSA key of ${bits} bits, no multiple of eight`, () =>
    selfTest({ key: rsaKey('odd', bits) }));

/** The key with some of its methods replaced. */
const without = (broken: Partial<KeyProvider>): KeyProvider => ({ ...key, ...broken });
const gone = (): never => {
  throw new Error('unsupported');
};
const decrypt: NonNullable<KeyProvider['decrypt']> = (octets, transport) => key.decrypt!(octets, transport);

const BROKEN: Readonly<Record<string, [Parameters<typeof selfTest>[0], RegExp]>> = {
  'no digest at all': [{ key: without({ sign: gone }) }, /RSA signatures of certificates does not work/],
  'SHA-384 is missing': [
    { key: without({ sign: (input) => (input.digest === 'sha384' ? gone() : key.sign(input)) }) },
    /RSA signatures with sha384 does not work/,
  ],
  'SHA-512 signs wrongly': [
    { key: without({ sign: (input) => key.sign(input.digest === 'sha512' ? { ...input, digest: 'sha256' } : input) }) },
    /RSA signatures with sha512 gives wrong results/,
  ],
  'a cipher is missing': [{ ciphers: [...CIPHERS, { ...CIPHERS[3]!, name: 'rc2-cbc' }] }, /rc2-cbc does not work/],
  'OAEP with SHA-224 is missing': [
    {
      key: without({
        decrypt: (octets, transport) =>
          transport.scheme === 'oaep' && transport.hash === 'sha224' ? gone() : decrypt(octets, transport),
      }),
    },
    /RSAES-OAEP with sha224 does not work/,
  ],
  'PKCS#1 v1.5 gives wrong octets': [
    { key: without({ decrypt: () => Buffer.alloc(16) }), ciphers: [] },
    /RSAES-PKCS1-v1_5 gives wrong results/,
  ],
  'wrong padding is an error': [
    {
      key: without({
        decrypt: (octets, transport) =>
          octets.subarray(1).every((octet) => octet === 0x11) ? gone() : decrypt(octets, transport),
      }),
    },
    /implicit rejection .* does not work/,
  ],
};
for (const [what, [subject, text]] of Object.entries(BROKEN))
  test(`stops the start and names the algorithm: ${what}`, () =>
    assert.rejects(
      selfTest(subject),
      (error) => error instanceof ConfigError && text.test(error.message) && /Node\.js 24/.test(error.remedy),
    ));
