/** Many devices are wiped at once: `npm test` takes 1,000 certificates, `npm run fleet` 10,000. */
import assert from 'node:assert/strict';
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { directoryTurn, type DirectoryWork } from '../../src/manage/follow-directory.ts';
import { withDirectory } from '../app/directory-under-test.ts';

/** A bound is 2 % of the certificates a day. */
type Fleet = { count: number; wiped: number; bound: number };

/** `count` devices with a certificate each, of which 5 % are wiped. */
export function manyWiped(count: number): void {
  const fleet = { count, wiped: count * 0.05, bound: count * 0.02 };
  test(`${count} certificates, ${fleet.wiped} wiped devices: the bound of a day is revoked, a restart changes nothing, and the rest waits for approval`, (t) =>
    withinBound(t, fleet));
  test(`without a bound all ${fleet.wiped} are revoked in one run, and the event loop waits for no more than 20 ms`, (t) =>
    withoutBound(t, fleet));
}

async function withinBound(t: TestContext, { count, wiped, bound }: Fleet): Promise<void> {
  const all = await withDirectory(t);
  const { directory, turn, later, addMany, revoked, standing, approve, restart, events } = all;
  const devices = directory.addDevices({ count });
  addMany(devices.map(({ id }) => id));
  await turn();
  directory.deviceAction({ action: 'wipe', first: wiped });
  await later();
  const stop = new AbortController();
  const stopping = {
    ...all.work(),
    emit: () => (events.length === Math.round(bound * 0.3) ? stop.abort(new Error('killed')) : undefined),
  };
  const counting: DirectoryWork = {
    ...stopping,
    emit: (event) => {
      events.push(event);
      stopping.emit();
    },
  };
  all.simulator.clock.advance(4 * 3600);
  events.length = 0;
  await assert.rejects(directoryTurn(counting, stop.signal), /killed/);
  const before = await revoked();
  assert.ok(before > 0 && before < bound, `${before} were revoked before the restart`);
  await restart();
  await later();
  assert.equal(await revoked(), bound);
  assert.equal((await standing()).waiting, wiped - bound);
  assert.equal(events.filter(({ event }) => event === 'directory-waits').length, 1);
  for (let day = 0; day < 14; day++) await later();
  assert.equal(await revoked(), bound);
  assert.deepEqual(await approve(), { kind: 'approved', certificates: wiped - bound });
  await turn();
  assert.deepEqual([await revoked(), (await standing()).waiting], [wiped, 0]);
  assert.equal((await all.store().listBlocks()).length, wiped);
}

async function withoutBound(t: TestContext, { count, wiped }: Fleet): Promise<void> {
  const all = await withDirectory(t, 100);
  const { directory, turn, later, addMany, revoked } = all;
  const devices = directory.addDevices({ count });
  addMany(devices.map(({ id }) => id));
  await turn();
  directory.deviceAction({ action: 'wipe', first: wiped });
  await later();
  const longest = longestTurn();
  all.simulator.clock.advance(4 * 3600);
  // The simulator, which makes the pages, is in this process too.
  const list: DirectoryWork['list'] = (...asked) => longest.without(() => all.work().list(...asked));
  await directoryTurn({ ...all.work(), list }, new AbortController().signal);
  assert.equal(await revoked(), wiped);
  const held = await longest.end();
  t.diagnostic(`the longest turn of the event loop took ${held.toFixed(1)} ms of the processor`);
  assert.ok(held <= 20, `${held} ms`);
}

/** Milliseconds of the processor: other processes do not change them. `from` and `to` are of the clock. */
type Turn = { used: number; from: number; to: number };

/** Measures until `end`, which returns the longest turn without the garbage collection in it: that of the simulator too. */
function longestTurn() {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const turns: Turn[] = [];
  const collections: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  let [last, from, isOver, isPaused] = [used(), performance.now(), false, false];
  const look = (): void => {
    const [now, to] = [used(), performance.now()];
    if (!isPaused) turns.push({ used: now - last, from, to });
    [last, from] = [now, to];
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const without = async <T>(work: () => Promise<T>): Promise<T> => {
    isPaused = true;
    const result = await work();
    for (let times = 0; times < 2; times++) await new Promise((resolve) => setImmediate(resolve));
    isPaused = false;
    return result;
  };
  const end = async (): Promise<number> => {
    isOver = true;
    // Collections are reported a little later.
    await pause(50);
    observer.disconnect();
    const own = (turn: Turn): number =>
      collections
        .filter(({ startTime }) => startTime >= turn.from && startTime < turn.to)
        .reduce((left, { duration }) => left - duration, turn.used);
    return Math.max(...turns.map(own));
  };
  return { without, end };
}
