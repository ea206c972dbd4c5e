/** The pace of calls that nobody waits for: what is waited, by whom, and when it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pacedCalls } from '../../src/intune/paced-calls.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { askedPauseMs } from '../../src/outbound/asked-pause.ts';

const fault = (more: { status?: number; retryAfterMs?: number; retryable?: boolean }) =>
  new IntuneUnreachable({ hop: 'userPfxCertificates', what: 'x', remedy: 'y', retryable: true, ...more });
const { signal } = new AbortController();

/** A pace whose pauses move its clock. `waited`: milliseconds of each pause. */
function pace(tries: number, chance = 0) {
  const waited: number[] = [];
  let now = 1_000_000;
  const pause = async (ms: number): Promise<void> => {
    waited.push(ms);
    now += ms;
  };
  return {
    waited,
    paced: pacedCalls({ clock: () => new Date(now), tries, backoffMs: 300, chance: () => chance, pause }),
  };
}

/** Throws these in turn, then answers. */
const after =
  (...faults: Error[]) =>
  async (): Promise<string> => {
    const next = faults.shift();
    if (next) throw next;
    return 'answer';
  };

test('throttling without a time is waited for a minute, then twice as long each time, and ten minutes at most', async () => {
  const { waited, paced } = pace(8);
  const throttled = Array.from({ length: 6 }, () => fault({ status: 429 }));
  assert.equal(await paced(after(...throttled), signal), 'answer');
  assert.deepEqual(waited, [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
});

test('after an answer the waits begin anew, and a part of each is left to chance', async () => {
  const { waited, paced } = pace(3, 0.5);
  await paced(after(fault({ status: 503 }), fault({ status: 503 })), signal);
  await paced(after(fault({ status: 503 })), signal);
  assert.deepEqual(waited, [66_000, 132_000, 66_000]);
});

test('the time that the service says wins', async () => {
  const { waited, paced } = pace(3);
  await paced(after(fault({ status: 429, retryAfterMs: 2128 }), fault({ status: 429, retryAfterMs: 900_000 })), signal);
  assert.deepEqual(waited, [2128, 900_000]);
});

test('a fault that is no throttling is waited for a short time', async () => {
  const { waited, paced } = pace(3);
  await paced(after(fault({}), fault({ status: 502 })), signal);
  assert.deepEqual(waited, [300, 600]);
});

test('after the last try the fault is thrown, and the next call waits as long as the service said', async () => {
  const { waited, paced } = pace(2);
  const last = fault({ status: 429, retryAfterMs: 7000 });
  await assert.rejects(paced(after(fault({}), last), signal), last);
  assert.deepEqual(waited, [300]);
  await paced(after(), signal);
  assert.deepEqual(waited, [300, 7000]);
});

test('what cannot help is not tried again', async () => {
  const { waited, paced } = pace(3);
  await assert.rejects(paced(after(fault({ status: 400, retryable: false })), signal), { status: 400 });
  assert.deepEqual(waited, []);
});

test('one call is under way at a time, and all wait for what one of them was told', async () => {
  const { waited, paced } = pace(2);
  const order: string[] = [];
  const noted = (name: string, ...faults: Error[]) => {
    const attempt = after(...faults);
    return async () => {
      order.push(name);
      await Promise.resolve();
      return attempt();
    };
  };
  const first = paced(noted('first', fault({ status: 429, retryAfterMs: 50 })), signal);
  const second = paced(noted('second'), signal);
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first', 'first', 'second']);
  assert.deepEqual(waited, [50]);
});

test('an abort ends the wait', async () => {
  const controller = new AbortController();
  const paced = pacedCalls({ clock: () => new Date(0), tries: 2, backoffMs: 1, chance: () => 0 });
  const call = paced(async () => {
    controller.abort(new Error('the server stops'));
    throw fault({ status: 429 });
  }, controller.signal);
  await assert.rejects(call, { message: 'the server stops' });
});

test('milliseconds of Microsoft count when there is no Retry-After', () => {
  const clock = () => new Date(0);
  assert.equal(askedPauseMs({ 'retry-after': '2.128', 'x-ms-retry-after-ms': '1' }, clock), 2128);
  assert.equal(askedPauseMs({ 'x-ms-retry-after-ms': '1500' }, clock), 1500);
  assert.equal(askedPauseMs({ 'x-ms-retry-after-ms': 'soon' }, clock), undefined);
  assert.equal(askedPauseMs({}, clock), undefined);
});
