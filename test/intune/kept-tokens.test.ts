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
