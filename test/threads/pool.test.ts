/** Calls between threads: who works, what errors look like on the other side, and what happens when a thread ends. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ConfigError, HttpError } from '../../src/core/errors.ts';
import { threadPool } from '../../src/threads/pool.ts';
import type { Start } from './thread-under-test.ts';

const entry = new URL('thread-under-test.ts', import.meta.url);

async function pool(t: TestContext, size: number, more: Partial<Start> = {}) {
  const said: string[] = [];
  let count = 0;
  const threads = await threadPool<Start>({
    entry,
    size,
    data: () => ({ name: `thread ${++count}`, ...more }),
    ready: (thread) => thread.tell('tell', 'what it is told first'),
    functions: {
      question: (text: string) => text.toUpperCase(),
      closed: (name: string) => void said.push(`${name} closed`),
    },
    gone: ({ name }) => void said.push(`${name} gone`),
    ended: (err) => void said.push(`ended: ${err instanceof Error ? err.message : 'without an error'}`),
  });
  t.after(() => threads.close());
  return { threads, said };
}

test('a call goes to the thread with the fewest calls', async (t) => {
  const { threads } = await pool(t, 2);
  const names = await Promise.all([threads.call('later', 300), threads.call('later', 300), threads.call('name')]);
  assert.notEqual(names[0], names[1]);
  const busy = threads.call('later', 500);
  const quick = await threads.call('name');
  assert.notEqual(quick, await busy);
});

test('an error arrives with its class, its code and its cause', async (t) => {
  const { threads } = await pool(t, 1);
  await assert.rejects(threads.call('refuse'), (error) => {
    assert.ok(error instanceof HttpError);
    assert.equal(error.code, 'unavailable');
    assert.equal(error.message, 'not now');
    assert.ok(error.cause instanceof Error);
    assert.equal(error.cause.name, 'RangeError');
    assert.equal(error.cause.message, 'the disk is full');
    return true;
  });
});

test('a thread calls functions of the main thread', async (t) => {
  const { threads } = await pool(t, 1);
  assert.equal(await threads.call('asks', 'who'), 'thread 1 was told WHO');
});

test('a function that is not there is an error of the call, and the thread works on', async (t) => {
  const { threads } = await pool(t, 1);
  await assert.rejects(threads.call('nothing of this name'), { name: 'TypeError' });
  assert.equal(await threads.call('name'), 'thread 1');
});

test('a thread is told what has changed before its first call', async (t) => {
  const { threads } = await pool(t, 1);
  assert.equal(await threads.call('told'), 'what it is told first');
});

test('what all threads are told arrives before later calls', async (t) => {
  const { threads } = await pool(t, 2);
  threads.tellAll('tell', 'the news');
  assert.deepEqual(await Promise.all([threads.call('told'), threads.call('told')]), ['the news', 'the news']);
});

test('the calls of a thread that ends are rejected, and another one takes its place', async (t) => {
  const { threads, said } = await pool(t, 1);
  const running = threads.call('later', 60_000);
  const refused = assert.rejects(running, (error) => {
    assert.ok(error instanceof HttpError);
    assert.equal(error.code, 'unavailable');
    assert.equal(error.message, 'the thread that worked on the request has ended');
    return true;
  });
  threads.tellAll('throws');
  await refused;
  assert.deepEqual(said, ['thread 1 gone', 'ended: a fault of the thread']);
  assert.equal(threads.alive, 0);
  await assert.rejects(threads.call('name'), { name: 'HttpError', code: 'unavailable' });
  for (const end = performance.now() + 20_000; threads.alive === 0 && performance.now() < end; ) await pause(50);
  assert.equal(await threads.call('name'), 'thread 2');
});

test('a pool is not made when a thread cannot start, and says why', async (t) => {
  await assert.rejects(pool(t, 2, { refuses: true }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message, 'the thread has no store');
    assert.equal(error.remedy, 'Make one.');
    return true;
  });
});

test('at the end every thread is closed, and none is replaced', async (t) => {
  const { threads, said } = await pool(t, 2);
  await threads.close();
  await pause(1_200);
  assert.deepEqual(said.toSorted(), ['thread 1 closed', 'thread 1 gone', 'thread 2 closed', 'thread 2 gone']);
  assert.equal(threads.alive, 0);
});
