/** What a client remembers of a tenant to show it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpsCall } from '../../src/intune/https-exchange.ts';
import { tenantMemory } from '../../src/intune/tenant-memory.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { handClock } from '../kit/clock.ts';

const NEVER = new AbortController().signal;
const call = (different: Partial<HttpsCall> = {}): HttpsCall => ({
  hop: 'validateRequest',
  method: 'POST',
  url: 'https://fef.example:444/StatelessScepRequestValidationService/ScepActions/validateRequest?secret=1',
  headers: { Authorization: 'Bearer a-token' },
  limit: 65_536,
  ...different,
});
const reply = (status: number) => async () => ({ status, headers: {}, text: 'a body' });
const token = (roles: unknown) => `x.${Buffer.from(JSON.stringify({ roles })).toString('base64url')}.y`;

test('a call is remembered with its time, host, status and id, and neither with its URL nor its headers', async () => {
  const memory = tenantMemory(handClock());
  await memory.noted(reply(200))(call({ clientRequestId: 'id-1' }), NEVER);
  assert.deepEqual(memory.seen().calls, [
    {
      at: handClock()(),
      hop: 'validateRequest',
      host: 'fef.example:444',
      result: 'HTTP 200',
      ms: 0,
      clientRequestId: 'id-1',
    },
  ]);
});

test('the answer of Intune takes the place of the status, at the call that it answers', async () => {
  const memory = tenantMemory(handClock());
  const exchange = memory.noted(reply(200));
  for (const clientRequestId of ['id-1', 'id-2']) await exchange(call({ clientRequestId }), NEVER);
  memory.answered({ clientRequestId: 'id-1', code: 'ChallengeExpired' });
  memory.answered({ clientRequestId: 'id-3', code: 'Success' });
  assert.deepEqual(
    memory.seen().calls.map(({ clientRequestId, result }) => [clientRequestId, result]),
    [
      ['id-2', 'HTTP 200'],
      ['id-1', 'ChallengeExpired'],
    ],
  );
});

test('of a call without an answer it is known why, and the error goes on', async () => {
  const memory = tenantMemory(handClock());
  const fault = new IntuneUnreachable({ hop: 'token', what: 'no connection', remedy: 'Look.', retryable: true });
  const failing = memory.noted(() => Promise.reject(fault));
  await assert.rejects(failing(call({ hop: 'token' }), NEVER), fault);
  await assert.rejects(memory.noted(() => Promise.reject(new Error('secret of the reply')))(call(), NEVER));
  assert.deepEqual(
    memory.seen().calls.map(({ result }) => result),
    ['given up: its time was over', 'no connection'],
  );
});

test('twenty calls are remembered, the newest first', async () => {
  const memory = tenantMemory(handClock());
  for (let number = 0; number < 25; number++) await memory.noted(reply(number + 200))(call(), NEVER);
  const { calls } = memory.seen();
  assert.deepEqual([calls.length, calls[0]?.result, calls.at(-1)?.result], [20, 'HTTP 224', 'HTTP 205']);
});

test('of a token the roles are remembered, and nothing of one that cannot be read', async () => {
  const memory = tenantMemory(handClock());
  const fetched = async (name: string, text: string) =>
    memory.noting(name, async () => ({ token: text, livesMs: 1 }))(NEVER);
  assert.deepEqual(await fetched('intune', token(['scep_challenge_provider', 7])), {
    token: token(['scep_challenge_provider', 7]),
    livesMs: 1,
  });
  await fetched('graph', 'opaque-token');
  assert.deepEqual(
    [...memory.seen().roles],
    [
      ['intune', { at: handClock()(), roles: ['scep_challenge_provider'] }],
      ['graph', { at: handClock()() }],
    ],
  );
  assert.doesNotMatch(JSON.stringify([...memory.seen().roles]), /opaque-token|eyJ/);
});
