/** FIPS mode is asserted by what the runtime does, and not only by what it says. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { assertFipsMode } from '../../src/app/fips-mode.ts';
import { ConfigError } from '../../src/core/errors.ts';

const without = (refused: readonly string[]) =>
  ((algorithm: string) => {
    if (refused.includes(algorithm)) throw new Error('unsupported');
    return createHash(algorithm);
  }) as typeof createHash;

const faultOf = (fips: number, refused: readonly string[]): string | undefined => {
  try {
    assertFipsMode({ getFips: () => fips, createHash: without(refused) });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return undefined;
};

test('a runtime in FIPS mode that refuses MD5 passes', () => {
  assert.equal(faultOf(1, ['md5']), undefined);
});

test('a runtime that is not in FIPS mode is refused', () => {
  assert.equal(faultOf(0, ['md5']), 'OpenSSL of this process is not in FIPS mode');
});

test('a runtime that says FIPS and has no SHA-256 is refused: no provider was loaded', () => {
  assert.match(faultOf(1, ['md5', 'sha256'])!, /its provider was not loaded/);
});

test('a runtime that says FIPS and takes MD5 is refused', () => {
  assert.match(faultOf(1, [])!, /takes MD5/);
});
