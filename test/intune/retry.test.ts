/** How often a call is repeated, when a new token is fetched, and when the breaker opens. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, mock, test } from 'node:test';
import type { FailureNotification } from '../../src/core/notification.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { retryAfterMs } from '../../src/outbound/asked-pause.ts';
import { isRetryable, TIMEOUTS } from '../../src/intune/retry.ts';
import { retryingCalls } from '../../src/intune/retrying-calls.ts';
import { type Answer, type FakeTenant, fakeTenant, QUICK, rejection, success } from './fake-tenant.ts';

const request = { transactionId: 'T', csr: Buffer.from('csr') };
const NOTIFICATION: FailureNotification = {
  ...request,
  kind: 'failure',
  endpoint: '/scep',
  hresult: 1,
  description: 'no',
};
const never = new AbortController().signal;
const status = (status: number, headers: Record<string, string> = {}): Answer => ({ status, headers, json: {} });

let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());
beforeEach(() => {
  tenant.calls.length = 0;
});
const asked = (): number => tenant.hops().filter((hop) => hop === 'validateRequest').length;

for (const fault of [status(429), status(500), status(502), status(503), status(504), 'reset'] as Answer[])
  test(`${JSON.stringify(fault)} is retried, twice at most`, async () => {
    tenant.answer('validateRequest', fault, fault);
    const answer = await tenant.client().validateRequest(request, never);
    assert.equal(answer.code, 'Success');
    assert.equal(asked(), 3);
    const ids = new Set(
      tenant.calls.filter((c) => c.hop === 'validateRequest').map((c) => c.headers['client-request-id']),
    );
    assert.deepEqual([...ids], [answer.clientRequestId], 'all attempts of one call have one id');

    tenant.calls.length = 0;
    tenant.answer('validateRequest', fault, fault, fault);
    assert.ok((await rejection(tenant.client().validateRequest(request, never))) instanceof IntuneUnreachable);
    assert.equal(asked(), 3);
  });

for (const [code, calls] of [
  [429, 3],
  [500, 3],
  [503, 3],
  [400, 1],
  [401, 1],
] as const)
  test(`Entra answers ${code} with an error of its own: requests for a token: ${calls}`, async () => {
    const answer: Answer = { status: code, json: { error: 'temporarily_unavailable' } };
    tenant.answer('token', ...Array.from({ length: calls }, () => answer));
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.ok(error instanceof IntuneUnreachable && error.status === code);
    assert.deepEqual(
      tenant.hops(),
      Array.from({ length: calls }, () => 'token'),
    );
  });

test('the default limits and pauses of a client', () =>
  assert.deepEqual(TIMEOUTS, {
    callMs: 10_000,
    totalMs: 25_000,
    retries: 2,
    backoffMs: 300,
    breakAfter: 5,
    breakMs: 30_000,
  }));

test('a refusal is never retried', async () => {
  tenant.answer('validateRequest', { json: { code: 'ChallengeExpired' } });
  assert.equal((await tenant.client().validateRequest(request, never)).code, 'ChallengeExpired');
  assert.equal(asked(), 1);
});

test('429: a Retry-After inside the time limit is waited for, one beyond it ends the call at once', async () => {
  tenant.answer('validateRequest', status(429, { 'retry-after': '0' }));
  assert.equal((await tenant.client().validateRequest(request, never)).code, 'Success');
  assert.equal(asked(), 2);

  tenant.calls.length = 0;
  tenant.answer('validateRequest', status(429, { 'retry-after': '61' }));
  const error = await rejection(tenant.client().validateRequest(request, never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.equal(error.retryAfterMs, 61_000);
  assert.equal(asked(), 1);
});

test('the pause lasts as long as Retry-After says', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  let asked = 0;
  const attempt = async (): Promise<string> => {
    asked++;
    if (asked > 1) return 'answer';
    throw new IntuneUnreachable({ hop: 'token', what: 'x', remedy: 'y', retryable: true, retryAfterMs: 5000 });
  };
  try {
    const answer = retryingCalls(QUICK, () => new Date(0)).ask('token', attempt, never);
    await settled();
    mock.timers.tick(4999);
    await settled();
    assert.equal(asked, 1);
    mock.timers.tick(1);
    assert.equal(await answer, 'answer');
    assert.equal(asked, 2);
  } finally {
    mock.timers.reset();
  }
});

test('Retry-After is seconds or a date', () => {
  const clock = () => new Date('2026-01-01T00:00:00Z');
  assert.equal(retryAfterMs('7', clock), 7000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:09 GMT', clock), 9000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2025 00:00:09 GMT', clock), 0);
  assert.equal(retryAfterMs('soon', clock), undefined);
  assert.equal(retryAfterMs(undefined, clock), undefined);
});

test('retryable is what is temporary and has a Retry-After within the time left', () => {
  const fault = (retryable: boolean, retryAfterMs?: number) =>
    new IntuneUnreachable({ hop: 'validateRequest', what: 'x', remedy: 'y', retryable, retryAfterMs });
  assert.equal(isRetryable(fault(true), 1), true);
  assert.equal(isRetryable(fault(true), 0), false);
  assert.equal(isRetryable(fault(true, 5000), 5001), true);
  assert.equal(isRetryable(fault(true, 5000), 5000), false);
  assert.equal(isRetryable(fault(false), 1000), false);
  assert.equal(isRetryable(new Error('a bug'), 1000), false);
});

for (const code of [401, 403])
  test(`${code}: one retry with a new token`, async () => {
    const client = tenant.client();
    await client.validateRequest(request, never);
    tenant.calls.length = 0;
    tenant.answer('validateRequest', status(code));
    assert.equal((await client.validateRequest(request, never)).code, 'Success');
    assert.deepEqual(tenant.hops(), ['validateRequest', 'token', 'validateRequest']);
    const [old, , fresh] = tenant.calls.map((call) => call.headers['authorization']);
    assert.notEqual(old, fresh);

    tenant.calls.length = 0;
    await client.validateRequest(request, never);
    assert.equal(tenant.calls[0]?.headers['authorization'], fresh, 'the new token is kept');

    tenant.answer('validateRequest', status(code), status(code));
    tenant.calls.length = 0;
    const error = await rejection(client.validateRequest(request, never));
    assert.ok(error instanceof IntuneUnreachable);
    assert.equal(error.status, code);
    assert.match(error.remedy, /scep_challenge_provider/);
    assert.equal(asked(), 2);
  });

test('the breaker opens after failures in a row, and sends nothing; health names the cause from the first failure until an answer', async () => {
  const timeouts = { retries: 0, breakAfter: 2, breakMs: 3_600_000 };
  const client = tenant.client({ timeouts });
  assert.equal(client.health().ok, true);
  tenant.answer('validateRequest', status(500), status(500));
  await rejection(client.validateRequest(request, never));
  assert.equal(client.health().ok, false);
  await rejection(client.validateRequest(request, never));
  assert.match(client.health().detail, /HTTP 500/);

  tenant.calls.length = 0;
  const error = await rejection(client.validateRequest(request, never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.match(error.message, /not called/);
  assert.deepEqual(tenant.calls, []);
  assert.match(client.health().detail, /^Intune validateRequest: HTTP 500/);
});

test('the breaker closes again on the first answer', async () => {
  const client = tenant.client({ timeouts: { retries: 0, breakAfter: 1, breakMs: 0 } });
  tenant.answer('validateRequest', status(500), success);
  await rejection(client.validateRequest(request, never));
  assert.equal((await client.validateRequest(request, never)).code, 'Success');
  assert.deepEqual(client.health(), { ok: true, detail: 'Intune answers or was not called yet' });
});

test('a notification that failed is named with its time until one is answered; the tenant counts as usable meanwhile', async () => {
  const client = tenant.client({ timeouts: { retries: 0 }, clock: () => new Date(Date.UTC(2026, 0, 2)) });
  tenant.answer('failureNotification', status(503), status(500));
  await rejection(client.failureNotification(NOTIFICATION, never));
  await rejection(client.failureNotification(NOTIFICATION, never));
  await client.validateRequest(request, never);
  await client.check(never);
  const { ok, detail, fault, notification: failed } = client.health();
  assert.deepEqual([ok, fault, failed?.fault.status], [true, undefined, 500]);
  assert.match(
    detail,
    /^the last notification failed, since 2026-01-02T00:00:00\.000Z: Intune failureNotification: HTTP 500/,
  );
  await client.failureNotification(NOTIFICATION, never);
  assert.deepEqual(client.health(), { ok: true, detail: 'Intune answers or was not called yet' });
});

test('requests that the service refuses as too large or bad do not open the breaker', async () => {
  const client = tenant.client({ timeouts: { retries: 0, breakAfter: 1 } });
  tenant.answer('validateRequest', status(413), status(400), success);
  for (const code of ['HTTP413', 'HTTP400', 'Success']) {
    assert.equal((await client.validateRequest(request, never)).code, code);
    assert.equal(client.health().ok, true);
  }
});

test('a caller that aborts does not open the breaker, whatever its question then ends with', async () => {
  const caller = new AbortController();
  const { ask, health } = retryingCalls({ ...QUICK, breakAfter: 1 }, () => new Date(0));
  const ended = Promise.withResolvers<string>();
  const given = rejection(ask('token', () => ended.promise, caller.signal));
  caller.abort(new Error('gone'));
  assert.equal((await given).message, 'gone');
  ended.reject(new IntuneUnreachable({ hop: 'token', what: 'x', remedy: 'y', retryable: false }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(health().ok, true);
});

test('64 validations are under way at once: the next one begins when one ends, and a notification at once', async () => {
  const { ask } = retryingCalls(QUICK, () => new Date(0));
  const begun: ((answer: string) => void)[] = [];
  const attempt = () => new Promise<string>((resolve) => void begun.push(resolve));
  const asked = Array.from({ length: 65 }, () => ask('validateRequest', attempt, never));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  assert.equal(begun.length, 64);
  assert.equal(await ask('successNotification', async () => 'told', never), 'told');
  begun[0]!('first');
  assert.equal(await asked[0], 'first');
  await settled();
  assert.equal(begun.length, 65);
  for (const answer of begun) answer('next');
  assert.equal((await Promise.all(asked))[64], 'next');
});

test('a validation that does not come to its turn waits for half of its time limit, says so, and opens no breaker', async () => {
  const { ask, health } = retryingCalls({ ...QUICK, totalMs: 1_000, breakAfter: 1 }, () => new Date(0));
  const hang = () => Promise.withResolvers<string>().promise;
  const hanging = Array.from({ length: 64 }, () => rejection(ask('validateRequest', hang, never)));
  let begun = false;
  const error = await rejection(ask('validateRequest', async () => String((begun = true)), never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.equal(
    error.message,
    'Intune validateRequest: not called, because 64 calls were under way and it did not come to its turn within 500 ms',
  );
  assert.deepEqual([begun, health().ok], [false, true]);
  await Promise.all(hanging);
});

test('a caller who has given up before does not open the breaker', async () => {
  const client = tenant.client({ timeouts: { breakAfter: 1 } });
  await rejection(client.validateRequest(request, AbortSignal.abort(new Error('gone'))));
  assert.equal(client.health().ok, true);
});
