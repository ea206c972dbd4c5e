/** Secrets that are split into shares. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { combined, product, split } from '../../src/pfx/secret-sharing.ts';
import { random } from '../kit/pki.ts';

test('the field is that of AES: the examples of FIPS 197 4.2', () => {
  assert.equal(product(0x57, 0x83), 0xc1);
  assert.equal(product(0x57, 0x13), 0xfe);
  assert.equal(product(0x57, 0x02), 0xae);
});

test('multiplication is that of polynomials modulo x^8 + x^4 + x^3 + x + 1, for every pair', () => {
  const slowly = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0, shifted = a; i < 8; i++) {
      if ((b >> i) & 1) sum ^= shifted;
      shifted = (shifted << 1) ^ (shifted & 0x80 ? 0x11b : 0);
    }
    return sum;
  };
  for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) assert.equal(product(a, b), slowly(a, b));
});

test('shares are the points of a polynomial whose constant is the secret', () => {
  // 0x42 + 0x03·x: at 1, 2 and 3.
  const shares = split(Buffer.of(0x42), { required: 2, count: 3 }, () => Buffer.of(0x03));
  assert.deepEqual(
    shares.map(({ x, y }) => [x, ...y]),
    [
      [1, 0x41],
      [2, 0x44],
      [3, 0x47],
    ],
  );
});

const sizes = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 0, max: 4 }))
  .map(([required, more]) => ({ required, count: required + more }));
const secrets = fc.uint8Array({ minLength: 1, maxLength: 40 });

test('any of the required number of shares, in any order, give the secret back', () => {
  fc.assert(
    fc.property(
      sizes.chain((size) =>
        fc.tuple(
          fc.constant(size),
          fc.shuffledSubarray(
            Array.from({ length: size.count }, (_, i) => i),
            { minLength: size.required },
          ),
        ),
      ),
      secrets,
      ([size, chosen], secret) => {
        const shares = split(secret, size, random);
        assert.equal(shares.length, size.count);
        assert.deepEqual(combined(chosen.flatMap((i) => shares[i] ?? [])), secret);
      },
    ),
    { numRuns: 2000 },
  );
});

test('every pair of up to 255 shares gives the secret back, at the ends of the range too', () => {
  const secret = random(32);
  const shares = split(secret, { required: 2, count: 255 }, random);
  for (const pair of [shares.slice(0, 2), shares.slice(-2), [shares[254]!, shares[0]!]])
    assert.deepEqual(combined(pair), Uint8Array.from(secret));
});

test('one share fewer than required fits every secret: with each value of a missing share there is another one', () => {
  for (const required of [2, 3]) {
    const known = split(Buffer.of(0x42), { required, count: required }, random).slice(1);
    const secrets = Array.from({ length: 256 }, (_, y) => combined([{ x: 1, y: Uint8Array.of(y) }, ...known])[0]);
    assert.equal(new Set(secrets).size, 256);
  }
});

test('a share is not the secret, and shares of the same secret differ each time', () => {
  const secret = new Uint8Array(32);
  const [a, b] = [0, 1].map(() =>
    split(secret, { required: 2, count: 3 }, random).map(({ y }) => Buffer.from(y).toString('hex')),
  );
  assert.equal(new Set([...(a ?? []), ...(b ?? []), Buffer.from(secret).toString('hex')]).size, 7);
});

for (const [required, count] of [
  [1, 3],
  [0, 3],
  [4, 3],
  [2, 256],
  [2, 1],
  [Number.NaN, 3],
] as const)
  test(`${required} of ${count} shares are refused`, () => {
    assert.throws(() => split(random(32), { required, count }, random), {
      name: 'RangeError',
      message: `${required} of ${count} shares: at least 2, and at most as many as there are, up to 255`,
    });
  });

test('shares with the same number, with none, and of different lengths are refused', () => {
  const share = (x: number, length = 2) => ({ x, y: new Uint8Array(length) });
  for (const shares of [
    [share(1), share(1)],
    [share(0), share(1)],
    [share(1), share(2, 3)],
    [share(1), share(256)],
  ])
    assert.throws(() => combined(shares), { message: 'shares with the same number, or of different lengths' });
});
