/** Concurrent calls that share one run. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { singleFlight } from '../../src/outbound/single-flight.ts';

const never = new AbortController().signal;

/** A shared function whose runs end when the test says so. */
function shared() {
  const runs: (PromiseWithResolvers<string> & { signal: AbortSignal })[] = [];
  const call = singleFlight((signal) => {
    const run = { ...Promise.withResolvers<string>(), signal };
    runs.push(run);
    return run.promise;
  });
  return { call, runs };
}

test('calls at the same time share one run; a later call starts another', { timeout: 5000 }, async () => {
  const { call, runs } = shared();
  const both = [call(never), call(never)];
  runs[0]?.resolve('first');
  assert.deepEqual(await Promise.all(both), ['first', 'first']);
  const later = call(never);
  runs[1]?.resolve('second');
  assert.equal(await later, 'second');
  assert.equal(runs.length, 2);
});

test('an error reaches every caller, and the next call starts again', { timeout: 5000 }, async () => {
  const { call, runs } = shared();
  const both = [call(never), call(never)];
  runs[0]?.reject(new Error('failed'));
  for (const each of both) await assert.rejects(each, /failed/);
  const later = call(never);
  runs[1]?.resolve('fine');
  assert.equal(await later, 'fine');
});

test('a caller that aborts gets its own reason; the run goes on for the others', { timeout: 5000 }, async () => {
  const { call, runs } = shared();
  const caller = new AbortController();
  const first = call(caller.signal);
  const second = call(never);
  caller.abort(new Error('gone'));
  await assert.rejects(first, /gone/);
  assert.equal(runs[0]?.signal.aborted, false);
  runs[0]?.resolve('fine');
  assert.equal(await second, 'fine');
});

test('the signal of a caller has one listener, however many calls it has made', async () => {
  const { call, runs } = shared();
  const { signal } = new AbortController();
  for (let n = 0; n < 20; n++) {
    const answer = call(signal);
    runs[n]?.resolve('fine');
    assert.equal(await answer, 'fine');
  }
  assert.equal(getEventListeners(signal, 'abort').length, 1);
});
