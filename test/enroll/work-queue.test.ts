/** Turns of requests: who computes, who waits, who comes too late. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { sinceStart } from '../../src/embed/system.ts';
import type { Waits } from '../../src/enroll/waits.ts';
import { type WorkLane, type WorkLimits, workQueue } from '../../src/enroll/work-queue.ts';

const never = (): AbortSignal => new AbortController().signal;
const LIMITS: WorkLimits = { parallelism: 1, answerWithin: 10_000, deadline: never, now: sinceStart };

const queueOf = (names: string, limits: Partial<WorkLimits> = {}) =>
  workQueue(
    names.split(' ').map((name) => ({ name })),
    { ...LIMITS, ...limits },
  );

/** A request that has been handed to a lane. It begins at its turn, and ends when the test ends it. */
function request(lane: WorkLane) {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<'done'>();
  let waits: Waits = () => {};
  let state = 'queued';
  const answer = lane.run(async (given) => {
    waits = given;
    state = 'begun';
    begun.resolve();
    return ended.promise;
  });
  return {
    answer,
    begun: begun.promise,
    end: () => ended.resolve('done'),
    waits: (now: boolean) => waits(now),
    get state() {
      return state;
    },
  };
}

const requests = (lane: WorkLane, count: number) => Array.from({ length: count }, () => request(lane));
const states = (all: readonly { state: string }[]): number => all.filter(({ state }) => state === 'begun').length;
async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await nextTurn();
}

test('on one core 16 requests compute in turns, on two 32; the next ones wait, and begin in the order in which they came', async () => {
  for (const [parallelism, most] of [
    [1, 16],
    [2, 32],
  ] as const) {
    const lane = queueOf('/scep', { parallelism })('/scep');
    const all = requests(lane, most + 3);
    await settled();
    assert.deepEqual([states(all), lane.queued], [most, 3]);
    all[7]!.end();
    assert.equal(await all[7]!.answer, 'done');
    await all[most]!.begun;
    await settled();
    assert.deepEqual([states(all), lane.queued], [most + 1, 2]);
    all.forEach(({ end }) => end());
    assert.deepEqual([...new Set(await Promise.all(all.map(({ answer }) => answer)))], ['done']);
    assert.equal(lane.queued, 0);
  }
});

test('work that was given up while it waited, and goes on later, takes no turn from others', async () => {
  const lane = queueOf('/scep')('/scep');
  const lost = requests(lane, 16);
  for (const each of lost) {
    await each.begun;
    each.waits(true);
    each.end();
    await each.answer;
    each.waits(false);
  }
  const next = requests(lane, 16);
  await settled();
  assert.deepEqual([states(next), lane.queued], [16, 0]);
  next.forEach(({ end }) => end());
});

test('requests that wait for a policy give their turns to others, and go on without a new turn', async () => {
  const queue = queueOf('/slow /fast');
  const slow = requests(queue('/slow'), 500);
  for (const each of slow) {
    await each.begun;
    each.waits(true);
  }
  assert.deepEqual([states(slow), queue('/slow').ahead], [500, 0]);
  const fast = request(queue('/fast'));
  assert.equal(fast.state, 'begun');
  slow.forEach(({ waits }) => waits(false));
  const next = request(queue('/fast'));
  await settled();
  assert.equal(next.state, 'queued');
  [...slow, fast].forEach(({ end }) => end());
  await next.begun;
});

test('a request that ends while it waits leaves nothing behind', async () => {
  const lane = queueOf('/scep')('/scep');
  for (const each of requests(lane, 100)) {
    await each.begun;
    each.waits(true);
    each.waits(true);
    each.end();
    await each.answer;
  }
  const all = requests(lane, 17);
  await settled();
  assert.equal(states(all), 16);
});

test('work that throws gives its turn back', async () => {
  const lane = queueOf('/scep')('/scep');
  for (let n = 0; n < 100; n++)
    await assert.rejects(
      lane.run(() => Promise.reject(new Error('no'))),
      /no/,
    );
  const all = requests(lane, 17);
  await settled();
  assert.equal(states(all), 16);
});

/** A queue with a time of its own, on which the last pieces have taken 100 milliseconds each: 100 fit into ten seconds. */
async function slowMachine(names: string) {
  let at = 0;
  const queue = queueOf(names, { now: () => at });
  const [first] = names.split(' ');
  for (let piece = 0; piece < 1_000; piece++) await queue(first!).run(async () => void (at += 100));
  assert.equal(Math.round(queue(first!).ahead), 0);
  return queue;
}

test('what cannot be answered within ten seconds is late at once, and nothing is late while there is a free turn', async () => {
  const lane = (await slowMachine('/scep'))('/scep');
  const all = requests(lane, 100);
  assert.deepEqual([Math.round(lane.ahead), lane.full], [10_000, true]);
  assert.equal(await request(lane).answer, 'late');
  all.forEach(({ end }) => end());
  await Promise.all(all.map(({ answer }) => answer));
  assert.equal(lane.full, false);
});

test('one endpoint that is flooded leaves the others their places', async () => {
  const queue = await slowMachine('/flooded /other');
  const flood = requests(queue('/flooded'), 200);
  await settled();
  assert.deepEqual([queue('/flooded').queued, queue('/flooded').full, queue('/other').full], [59, true, false]);
  const others = requests(queue('/other'), 30);
  await settled();
  assert.deepEqual([queue('/other').queued, queue('/other').full], [25, true]);
  [...flood, ...others].forEach(({ end }) => end());
  const answers = await Promise.all(others.map(({ answer }) => answer));
  assert.deepEqual(answers.filter((each) => each === 'done').length, 25);
});

test('one tenant with many endpoints leaves another one its places', async () => {
  const sources = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, tenant: 'large' }));
  let at = 0;
  const queue = workQueue([...sources, { name: 'z', tenant: 'small' }], { ...LIMITS, now: () => at });
  for (let piece = 0; piece < 1_000; piece++) await queue('z').run(async () => void (at += 100));
  const flood = sources.flatMap(({ name }) => requests(queue(name), 100));
  await settled();
  const queued = sources.reduce((sum, { name }) => sum + queue(name).queued, 0);
  assert.equal(queued + states(flood), 75);
  assert.equal(queue('z').full, false);
  const small = requests(queue('z'), 25);
  assert.equal(await request(queue('z')).answer, 'late');
  [...flood, ...small].forEach(({ end }) => end());
  assert.deepEqual([...new Set(await Promise.all(small.map(({ answer }) => answer)))], ['done']);
});

test('what waits longer than the estimate said is late at its deadline, and leaves its place', async () => {
  const deadline = new AbortController();
  const lane = queueOf('/scep', { deadline: () => deadline.signal })('/scep');
  const all = requests(lane, 18);
  await settled();
  assert.equal(lane.queued, 2);
  deadline.abort();
  assert.deepEqual([await all[16]!.answer, await all[17]!.answer, lane.queued], ['late', 'late', 0]);
  assert.equal(states(all), 16);
  all.slice(0, 16).forEach(({ end }) => end());
  assert.deepEqual([...new Set(await Promise.all(all.slice(0, 16).map(({ answer }) => answer)))], ['done']);
});

test('requests that are done at once do not keep the process from what else has come', async () => {
  const lane = queueOf('/scep')('/scep');
  let done = 0;
  const inARow = async (): Promise<void> => {
    for (let n = 0; n < 64; n++) await lane.run(async () => void done++);
  };
  const all = inARow();
  const seen: number[] = [];
  while (done < 64) {
    await nextTurn();
    seen.push(done);
  }
  await all;
  // Sixteen at once, and sixteen in each turn of the event loop.
  assert.deepEqual(seen, [32, 48, 64]);
});
