/** Second factors: the codes of RFC 6238, and what the URI of a key must be. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newSecondFactor, parseSecondFactor, stepOfCode } from '../../src/access/totp.ts';
import { TOTP_URI } from './access-under-test.ts';

test('the codes of RFC 6238 appendix B are right at their time, one step earlier and one later', () => {
  const factor = parseSecondFactor(TOTP_URI)!;
  const vectors: [seconds: number, code: string, step: number][] = [
    [59, '94287082', 1],
    [1111111109, '07081804', 37037036],
    [20000000000, '65353130', 666666666],
  ];
  for (const [seconds, code, step] of vectors) {
    for (const shift of [-30, 0, 30])
      assert.equal(stepOfCode(factor, code, new Date((seconds + shift) * 1_000)), step, `${seconds} ${shift}`);
    for (const shift of [-90, 61])
      assert.equal(stepOfCode(factor, code, new Date((seconds + shift) * 1_000)), undefined);
    assert.equal(stepOfCode(factor, ` ${code.slice(0, 4)} ${code.slice(4)} `, new Date(seconds * 1_000)), step);
  }
  for (const wrong of ['', '9428708', '942870820', 'abcdefgh'])
    assert.equal(stepOfCode(factor, wrong, new Date(59_000)), undefined);
});

test('a new key is 160 random bits in a URI that apps read, and can be read again', () => {
  const uri = newSecondFactor('ada@example.com', randomBytes);
  assert.match(
    uri,
    /^otpauth:\/\/totp\/openndes:ada%40example\.com\?issuer=openndes&secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30$/,
  );
  assert.notEqual(newSecondFactor('ada@example.com', randomBytes), uri);
  const factor = parseSecondFactor(`${uri}\n`)!;
  const now = new Date('2026-03-01T12:00:00Z');
  assert.equal(stepOfCode(factor, factor.generate({ timestamp: now.getTime() }), now), now.getTime() / 30_000);
});

test('what is no key for codes by time, or a short one, is refused', () => {
  for (const text of [
    '',
    'GEZDGNBVGY3TQOJQ',
    'otpauth://hotp/openndes:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=1',
    'otpauth://totp/openndes:ada?secret=GEZDGNBV',
    'otpauth://totp/openndes:ada',
  ])
    assert.equal(parseSecondFactor(text), undefined, text);
});
