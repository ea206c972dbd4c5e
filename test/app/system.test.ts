/** What the product takes from the system: random octets by the page, deadlines by the half second. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemDeadline, systemRandom } from '../../src/app/system.ts';

test('random octets come in the length that is asked for, and never twice', () => {
  const lengths = [1, 8, 16, 16, 16, 32, 4096, 4097, 5, 4000, 200];
  const handfuls = Array.from({ length: 40 }, () => lengths.map((length) => systemRandom(length))).flat();
  handfuls.forEach((octets, i) => assert.equal(octets.length, lengths[i % lengths.length]));
  const long = handfuls.filter(({ length }) => length >= 16).map((octets) => Buffer.from(octets).toString('hex'));
  assert.equal(new Set(long.map((hex) => hex.slice(0, 32))).size, long.length);
});

test('a handful is a copy: who changes it changes no later one', () => {
  const first = systemRandom(16);
  first.fill(0);
  assert.ok(systemRandom(16).some((octet) => octet !== 0));
  assert.equal(first.buffer.byteLength, 16);
});

test('requests of one moment share a deadline; those after half a second have a later one', async () => {
  const [first, second] = [systemDeadline(), systemDeadline()];
  assert.equal(first, second);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const third = systemDeadline();
  assert.notEqual(third, first);
  assert.ok([first, third].every(({ aborted }) => !aborted));
});
