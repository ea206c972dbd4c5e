/** Long work in batches: how large each is, by the time that the one before took. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBatches } from '../../src/jobs/in-batches.ts';

/** Runs work that takes `cost(size)` milliseconds until there were so many batches. */
async function run(cost: (size: number, batch: number) => number, most: number, signal = new AbortController().signal) {
  let now = 0;
  const sizes: number[] = [];
  const pauses: number[] = [];
  const batch = async (size: number): Promise<boolean> => {
    now += cost(size, sizes.push(size));
    return sizes.length < most;
  };
  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  await inBatches(batch, { now: () => now, pause }, signal);
  return { sizes, pauses };
}

test('batches double while they are quick, and have at most a thousand', async () => {
  const { sizes, pauses } = await run(() => 1, 8);
  assert.deepEqual(sizes, [32, 64, 128, 256, 512, 1_000, 1_000, 1_000]);
  assert.deepEqual(new Set(pauses), new Set([20]));
});

test('a batch that took longer than 10 ms makes the next one smaller, and the pause longer', async () => {
  const { sizes, pauses } = await run((_, batch) => (batch === 4 ? 40 : 1), 6);
  assert.deepEqual(sizes, [32, 64, 128, 256, 64, 128]);
  assert.deepEqual(pauses, [20, 20, 20, 80, 20]);
});

test('a batch has at least 32: where the commit alone takes longer, fewer would not be quicker', async () => {
  assert.deepEqual((await run(() => 500, 4)).sizes, [32, 32, 32, 32]);
});

test('with rows that cost the same no batch comes near 50 ms', async () => {
  for (const each of [0.01, 0.1, 0.3, 0.6]) {
    const { sizes } = await run((size) => size * each, 40);
    assert.ok(Math.max(...sizes) * each <= 20, `${each}: ${Math.max(...sizes) * each} ms`);
    assert.ok(sizes.at(-1)! * each <= 20, `${each}: ${sizes.at(-1)! * each} ms in the end`);
  }
});

test('it ends after the batch in which its signal aborts, and does not begin after that', async () => {
  const ending = new AbortController();
  const { sizes } = await run((_, batch) => (batch === 2 ? (ending.abort(), 1) : 1), 9, ending.signal);
  assert.equal(sizes.length, 2);
  assert.deepEqual((await run(() => 1, 9, ending.signal)).sizes, []);
});
