/** The lock around writes: one thread at a time, and a thread that is gone keeps it from no other one. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { threadPool } from '../../src/threads/pool.ts';
import { giveUp, newUser, turns } from '../../src/threads/turns.ts';
import { until } from '../kit/until.ts';
import type { Start } from './thread-under-test.ts';

/** The memory of the lock, and a counter behind it. */
const withCounter = (): Int32Array => new Int32Array(new SharedArrayBuffer(12));

async function threads(t: TestContext, memory: Int32Array, size: number) {
  const pool = await threadPool<Start>({
    entry: new URL('thread-under-test.ts', import.meta.url),
    size,
    data: () => ({ name: 'counting', memory, user: newUser(memory) }),
    functions: { closed: () => {} },
    ready: () => {},
    gone: ({ user = 0 }) => giveUp(memory, user),
    ended: () => {},
  });
  t.after(() => pool.close());
  return pool;
}

test('a turn comes at once where there is no other, and after the other one has given it', async () => {
  const memory = withCounter();
  const [one, other] = [turns(memory, newUser(memory)), turns(memory, newUser(memory))];
  assert.equal(one.take(), undefined);
  let came = false;
  const waiting = other.take()?.then(() => (came = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(came, false);
  one.give();
  await waiting;
  assert.equal(came, true);
});

test('a turn is given back by the one who has it only', async () => {
  const memory = withCounter();
  const [one, other] = [turns(memory, newUser(memory)), turns(memory, newUser(memory))];
  one.take();
  other.give();
  assert.notEqual(other.take(), undefined);
});

test('three threads that read, wait and write lose no count', async (t) => {
  const memory = withCounter();
  const pool = await threads(t, memory, 3);
  await Promise.all([1, 2, 3].map(() => pool.call('count', 400)));
  assert.equal(memory[2], 1_200);
});

test('the turn of a thread that has ended goes to the next one', async (t) => {
  const memory = withCounter();
  const pool = await threads(t, memory, 1);
  await assert.rejects(pool.call('takeAndDie'), { name: 'HttpError' });
  assert.equal(turns(memory, newUser(memory)).take(), undefined);
});

test('the turn of a thread that is ended by the close of its pool goes to the next one', async (t) => {
  const memory = withCounter();
  const pool = await threads(t, memory, 1);
  const taken = pool.call('takeAndStay');
  taken.catch(() => undefined);
  await until(() => memory[0] !== 0, 'a turn that is taken', { every: 20 });
  await pool.close();
  await turns(memory, newUser(memory)).take();
});
