/** The quotas that Microsoft and AWS publish, as signatures per second. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyKind } from '../../src/core/keys.ts';
import { signatureQuota } from '../../src/keys/kms/quotas.ts';

for (const [scheme, kind, perSecond, text] of [
  ['azurekms', { type: 'rsa', bits: 2048 }, 200, '2000 operations in 10 seconds in hardware, 4000 in software'],
  ['azurekms', { type: 'rsa', bits: 3072 }, 50, '500 operations in 10 seconds in hardware, 1000 in software'],
  ['azurekms', { type: 'rsa', bits: 4096 }, 25, '250 operations in 10 seconds in hardware, 500 in software'],
  ['azurekms', { type: 'ec', bits: 256 }, 200, '2000 operations in 10 seconds in hardware, 4000 in software'],
  ['awskms', { type: 'rsa', bits: 4096 }, 1000, '1,000 requests per second with RSA keys'],
  ['awskms', { type: 'ec', bits: 384 }, 1000, '1,000 requests per second with ECC keys'],
] as const satisfies readonly (readonly [string, KeyKind, number, string])[])
  test(`${scheme} with ${kind.type} ${kind.bits}: ${perSecond} per second`, () => {
    const quota = signatureQuota(scheme, kind);
    assert.equal(quota?.perSecond, perSecond);
    assert.ok(quota.text.includes(text), quota.text);
  });

test('a token has no published quota', () =>
  assert.equal(signatureQuota('pkcs11', { type: 'ec', bits: 256 }), undefined));
