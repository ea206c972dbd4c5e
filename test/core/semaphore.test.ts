/** The bound on work that runs at the same time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { semaphore } from '../../src/core/semaphore.ts';

/** Work that ends when it is released. */
function held() {
  const released: ((value: string) => void)[] = [];
  return { released, work: () => new Promise<string>((resolve) => released.push(resolve)) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('without a queue, work beyond the permits is busy at once, and a permit that ends can be used again', async () => {
  const bounded = semaphore({ permits: 2 });
  const { released, work } = held();
  const first = bounded.run(work);
  const second = bounded.run(work);
  assert.equal(await bounded.run(work), 'busy');
  assert.equal(released.length, 2);
  released[0]?.('first');
  assert.equal(await first, 'first');
  const third = bounded.run(work);
  assert.equal(released.length, 3);
  released[1]?.('second');
  released[2]?.('third');
  assert.deepEqual(await Promise.all([second, third]), ['second', 'third']);
});

test('queued work runs in the order in which it came, and what comes beyond the queue is busy', async () => {
  const bounded = semaphore({ permits: 1, queue: 2 });
  const { released, work } = held();
  const order: string[] = [];
  const named = (name: string) =>
    bounded.run(async () => {
      order.push(name);
      await work();
    });
  const all = [named('a'), named('b'), named('c')];
  assert.equal(await named('d'), 'busy');
  for (let n = 0; n < 3; n++) {
    assert.equal(bounded.running, 1);
    released[n]?.('done');
    await turn();
  }
  await Promise.all(all);
  assert.deepEqual([order, bounded.running], [['a', 'b', 'c'], 0]);
});

test('who gives up while waiting leaves the queue: the reason is thrown, the work is not begun, and the next in line is', async () => {
  const bounded = semaphore({ permits: 1, queue: 3 });
  const { released, work } = held();
  const patience = new AbortController();
  const [first, second, third] = [bounded.run(work), bounded.run(work, patience.signal), bounded.run(work)];
  await assert.rejects(bounded.run(work, AbortSignal.abort(new Error('before'))), /before/);
  patience.abort(new Error('given up'));
  await assert.rejects(second, /given up/);
  released[0]?.('first');
  await turn();
  assert.deepEqual([released.length, bounded.running], [2, 1]);
  released[1]?.('third');
  assert.deepEqual(await Promise.all([first, third]), ['first', 'third']);
  assert.equal(bounded.running, 0);
});

test('work that throws gives its permit back, and run throws the same error', async () => {
  const bounded = semaphore({ permits: 1 });
  await assert.rejects(
    bounded.run(() => Promise.reject(new Error('failed'))),
    /failed/,
  );
  assert.equal(await bounded.run(async () => 'next'), 'next');
});
