/** Access tokens that are kept: when a new one is asked for, and when not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenSource, withToken } from '../../src/intune/kept-tokens.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { handClock } from '../kit/clock.ts';
import { rejection } from './fake-tenant.ts';

const never = new AbortController().signal;
const MINUTE = 60_000;

const failed = (status: number) =>
  new IntuneUnreachable({ hop: 'validateRequest', what: 'no', remedy: 'none', retryable: false, status });

/** A source whose issuer counts its tokens, each good for an hour; `down`: it gives none. */
function counted() {
  const clock = handClock();
  const issuer = { asked: 0, down: false };
  const tokens = tokenSource(() => {
    issuer.asked++;
    if (issuer.down) return Promise.reject(failed(503));
    return Promise.resolve({ token: `token-${issuer.asked}`, livesMs: 60 * MINUTE });
  }, clock);
  return { clock, issuer, tokens, get: () => tokens.get(never) };
}

test('a token is renewed five minutes before its end', async () => {
  const { clock, get } = counted();
  assert.equal(await get(), 'token-1');
  clock.forward(55 * MINUTE - 1);
  assert.equal(await get(), 'token-1');
  clock.forward(1);
  assert.equal(await get(), 'token-2');
});

for (const { says, livesMs, keptMs } of [
  { says: 'lives for 200 seconds', livesMs: 200_000, keptMs: 100_000 },
  { says: 'lives for six minutes', livesMs: 6 * MINUTE, keptMs: 3 * MINUTE },
  { says: 'has ended', livesMs: -5_000, keptMs: 15_000 },
  { says: 'ends now', livesMs: 0, keptMs: 15_000 },
  { says: 'has an end that is no number', livesMs: Number.NaN, keptMs: 15_000 },
])
  test(`a token that ${says} is not asked for at each call`, async () => {
    const clock = handClock();
    let asked = 0;
    const tokens = tokenSource(async () => ({ token: `token-${++asked}`, livesMs }), clock);
    await tokens.get(never);
    clock.forward(keptMs - 1);
    assert.equal(await tokens.get(never), 'token-1');
    clock.forward(1);
    assert.equal(await tokens.get(never), 'token-2');
  });

for (const odd of ['', 'two words', 'line\r\nHost: other', 'tök€n'])
  test(`a token that is no token is not kept: ${JSON.stringify(odd)}`, async () => {
    const answers = [odd, 'token-2'];
    const tokens = tokenSource(async () => ({ token: answers.shift()!, livesMs: 60 * MINUTE }), handClock());
    const error = await rejection(tokens.get(never));
    assert.ok(error instanceof IntuneUnreachable && error.hop === 'token' && error.retryable, String(error));
    assert.doesNotMatch(error.message, /two words|line|tök/);
    assert.equal(await tokens.get(never), 'token-2');
  });

test('while Entra gives none, the old token is used to its end, and a new one is asked for twice a minute', async () => {
  const { clock, issuer, get } = counted();
  await get();
  issuer.down = true;
  clock.forward(55 * MINUTE);
  assert.equal(await get(), 'token-1');
  assert.equal(await get(), 'token-1');
  assert.equal(issuer.asked, 2);
  clock.forward(MINUTE / 2);
  assert.equal(await get(), 'token-1');
  assert.equal(issuer.asked, 3);
  issuer.down = false;
  clock.forward(MINUTE / 2);
  assert.equal(await get(), 'token-4');
  issuer.down = true;
  clock.forward(60 * MINUTE);
  assert.ok((await rejection(get())) instanceof IntuneUnreachable);
});

test('a caller that aborts while Entra gives none gets its own reason, not the old token', async () => {
  const { clock, issuer, tokens, get } = counted();
  await get();
  issuer.down = true;
  clock.forward(56 * MINUTE);
  const controller = new AbortController();
  const waiting = rejection(tokens.get(controller.signal));
  controller.abort(new Error('gone'));
  assert.equal((await waiting).message, 'gone');
});

test('a token that was refused is never used again, also while Entra gives no other', async () => {
  const { issuer, tokens, get } = counted();
  tokens.forget(await get());
  issuer.down = true;
  assert.ok((await rejection(get())) instanceof IntuneUnreachable);
});

for (const status of [401, 403])
  test(`HTTP ${status} for many calls at the same time: one new token for all of them, also for the call that is refused last`, async () => {
    const { issuer, tokens } = counted();
    const late = Promise.withResolvers<void>();
    const call = (before: Promise<void>) => async (token: string) => {
      await before;
      if (token === 'token-1') throw failed(status);
      return token;
    };
    const last = withToken(tokens, never, call(late.promise));
    const others = Array.from({ length: 20 }, () => withToken(tokens, never, call(Promise.resolve())));
    assert.deepEqual([...new Set(await Promise.all(others))], ['token-2']);
    late.resolve();
    assert.equal(await last, 'token-2');
    assert.equal(issuer.asked, 2);
  });

test('a call that is refused with the new token too is an error, after two calls', async () => {
  const { issuer, tokens } = counted();
  let calls = 0;
  const error = await rejection(
    withToken(tokens, never, () => {
      calls++;
      return Promise.reject(failed(401));
    }),
  );
  assert.ok(error instanceof IntuneUnreachable);
  assert.deepEqual([error.status, calls, issuer.asked], [401, 2, 2]);
});

test('another error than 401 and 403 is no reason for another token', async () => {
  const { issuer, tokens } = counted();
  await rejection(withToken(tokens, never, () => Promise.reject(failed(500))));
  assert.equal(issuer.asked, 1);
});
