/** Which public keys are certified, and in which form. */
import assert from 'node:assert/strict';
import { generatePrimeSync } from 'node:crypto';
import { test } from 'node:test';
import { DerError } from '../../src/asn1/limits.ts';
import { bitString, encode, nullValue, octetString, oid, sequence, unsignedInteger } from '../../src/asn1/writer.ts';
import type { KeyProvider } from '../../src/core/keys.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { readKey } from '../../src/pkix/public-key.ts';
import { ecKey } from '../kit/keys.ts';
import { authority, deviceKey, issue, issueFor, request, rsaKey } from './authority-under-test.ts';

const RSA = oid('1.2.840.113549.1.1.1');
const EC = oid('1.2.840.10045.2.1');
const P256 = oid('1.2.840.10045.3.1.7');
/** The content of the BIT STRING: the end of the SubjectPublicKeyInfo. */
const point = Buffer.from(deviceKey.spki).subarray(-65);
const rsaPublicKey = Buffer.from(rsaKey.spki).subarray(-270);
/** A prefix of 2 or 3 tells whether y is even or odd (SEC 1 2.3.3). */
const compressed = (of: Buffer): Buffer =>
  Buffer.concat([Buffer.of(2 + (of.at(-1)! & 1)), of.subarray(1, 1 + (of.length - 1) / 2)]);
const encoded = (key: KeyProvider, spki: Uint8Array): KeyProvider => ({ ...key, spki });

const certified = async (key: KeyProvider): Promise<Buffer> =>
  Buffer.from(readCertificate((await issue({ key })).raw).spki);

test('Q13 an RSA key without parameters is certified with NULL, which common readers demand', async () => {
  const without = sequence(sequence(RSA), bitString(rsaPublicKey));
  assert.deepEqual(await certified(encoded(rsaKey, without)), Buffer.from(rsaKey.spki));
});

for (const [curve, octets] of [
  ['P-256', 65],
  ['P-384', 97],
  ['P-521', 133],
] as const)
  test(`Q13 a compressed point on ${curve} is certified uncompressed`, async () => {
    const key = ecKey('compressed', curve);
    const whole = Buffer.from(key.spki);
    const names = { 'P-256': P256, 'P-384': oid('1.3.132.0.34'), 'P-521': oid('1.3.132.0.35') };
    const short = sequence(sequence(EC, names[curve]), bitString(compressed(whole.subarray(-octets))));
    assert.deepEqual(await certified(encoded(key, short)), whole);
  });

const junk = octetString(Buffer.alloc(60_000, 0x41));
const REFUSED: readonly [string, Uint8Array][] = [
  ['RSA with 60 KB of parameters', sequence(sequence(RSA, junk), bitString(rsaPublicKey))],
  ['RSA with a SEQUENCE for parameters', sequence(sequence(RSA, sequence()), bitString(rsaPublicKey))],
  ['RSA with NULL twice', sequence(sequence(RSA, nullValue, nullValue), bitString(rsaPublicKey))],
  ['RSA with content in NULL', sequence(sequence(RSA, encode(5, Buffer.of(0))), bitString(rsaPublicKey))],
  [
    'RSA with octets after the numbers',
    sequence(sequence(RSA, nullValue), bitString(Buffer.concat([rsaPublicKey, nullValue]))),
  ],
  ['EC with something after the curve', sequence(sequence(EC, P256, junk), bitString(point))],
  ['EC with parameters in place of the name of a curve', sequence(sequence(EC, sequence()), bitString(point))],
  [
    'a compressed point that is not on the curve',
    sequence(sequence(EC, P256), bitString(Buffer.concat([Buffer.of(2), Buffer.alloc(32, 0xff)]))),
  ],
  ['Ed25519 with parameters', sequence(sequence(oid('1.3.101.112'), nullValue), bitString(Buffer.alloc(32, 1)))],
];
for (const [what, spki] of REFUSED)
  test(`Q13 a key is refused: ${what}`, () => assert.throws(() => readKey(spki), DerError));

const octets = (n: bigint): Buffer =>
  Buffer.from(n.toString(16).padStart(2 * Math.ceil(n.toString(16).length / 2), '0'), 'hex');
const rsaSpki = (n: bigint, e = 65_537n): Uint8Array =>
  sequence(sequence(RSA, nullValue), bitString(sequence(unsignedInteger(octets(n)), unsignedInteger(octets(e)))));
const [p, q] = [1n, 2n].map(() => generatePrimeSync(1024, { bigint: true }));
/** The first number, made from 0, 1, 2 and so on, that has no factor below 752. */
function firstWithoutFactor(make: (i: bigint) => bigint): bigint {
  for (let i = 0n; ; i++) if (ODD.every((divisor) => make(i) % divisor !== 0n)) return make(i);
}
const ODD = Array.from({ length: 375 }, (_, i) => BigInt(2 * i + 3));

/** What the faulty chips make: k·M + 65537^a mod M, with M the product of the first 39 primes (CVE-2017-15361). */
const PRIMORIAL = ODD.filter((n) => n < 168n && ODD.every((by) => by >= n || n % by !== 0n)).reduce(
  (a, b) => a * b,
  2n,
);
const roca = (a: bigint): bigint =>
  firstWithoutFactor((i) => ((1n << 810n) + i) * PRIMORIAL + (65_537n ** a % PRIMORIAL));

const WEAK: readonly [string, () => Uint8Array, RegExp][] = [
  ['an even modulus', () => rsaSpki(p! * q! * 2n), /^a weak key with an even modulus$/],
  ['a modulus with the factor 3', () => rsaSpki(p! * q! * 3n), /^a weak key with a modulus with the factor 3$/],
  ['a modulus with the factor 751', () => rsaSpki(p! * q! * 751n), /^a weak key with a modulus with the factor 751$/],
  ['a square for a modulus', () => rsaSpki(p! * p!), /equal or close/],
  [
    'factors that differ by about 2^500',
    () => rsaSpki(p! * firstWithoutFactor((i) => p! + (1n << 500n) + 2n * i)),
    /equal or close/,
  ],
  ['a modulus of a faulty chip', () => rsaSpki(roca(5n) * roca(9n)), /ROCA/],
  ['the exponent 3', () => rsaSpki(p! * q!, 3n), /^a weak key with the exponent 3, which is below 65537$/],
];
for (const [what, make, message] of WEAK)
  test(`Q13 a weak RSA key is refused: ${what}`, async () => {
    const { kind, spki } = readKey(make());
    const csr = { ...(await request({})), key: kind, spki };
    await assert.rejects(issueFor(csr, authority()), { code: 'request_refused', message });
  });

test('Q13 a product of two random primes is certified', async () => {
  const { kind, spki } = readKey(rsaSpki(p! * q!));
  assert.ok(await issueFor({ ...(await request({})), key: kind, spki }, authority()));
});

const kind = (profile: Parameters<typeof authority>[0], key: KeyProvider) => issue({ key }, authority(profile));
test('a profile certifies the kinds of keys that it names', async () => {
  assert.ok(await kind({ keys: ['p256'] }, deviceKey));
  assert.ok(await kind({ keys: ['rsa'] }, rsaKey));
});
for (const [name, key, profile, message] of [
  [
    'an RSA key where only P-256 is named',
    rsaKey,
    { keys: ['p256'] },
    'a key of the kind rsa; the profile certifies p256',
  ],
  [
    'a P-521 key',
    ecKey('p521', 'P-521'),
    { keys: ['rsa', 'p256'] },
    'a key of the kind p521; the profile certifies rsa, p256',
  ],
  [
    'an RSA key that is too long',
    rsaKey,
    { minRsaBits: 1024, maxRsaBits: 2047 },
    'RSA key of 2048 bits; the profile allows 2047',
  ],
] as const)
  test(`a profile refuses ${name}`, () => assert.rejects(kind(profile, key), { code: 'algorithm_refused', message }));
