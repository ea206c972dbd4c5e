/** Logins by Kerberos over HTTPS: a login for each exchange, once more after a refusal, and the proof of the other side. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { backendClient } from '../../src/backends/backend-client.ts';
import { backendFault } from '../../src/backends/backend-fault.ts';
import type { Negotiate } from '../../src/backends/negotiation.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { handClock } from '../kit/clock.ts';
import { type Got, json, serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const never = new AbortController().signal;
const ORDER = { method: 'POST', path: '/order', body: 'x', idempotent: false } as const;

/** Tickets are `dGlja2V0` and a number; the right proof is the same in reverse. */
const reversed = (token: string): string => token.split('').toReversed().join('');

async function under(t: TestContext, answer: (got: Got, response: ServerResponse) => void) {
  const { url, got } = await serveCa(t, server, answer);
  const made: string[] = [];
  const negotiate: Negotiate = async () => {
    const token = `dGlja2V0${made.length}`;
    made.push(token);
    const prove = async (proof: string): Promise<void> => {
      if (proof !== reversed(token)) throw new Error('another proof');
    };
    return { token, prove };
  };
  const client = backendClient(
    { name: 'AD CS', url, ca: own.ca, negotiate },
    { clock: handClock(), pause: async () => undefined },
  );
  t.after(client.close);
  return { client, got, made };
}

const proofOf = ({ headers }: Got): string => reversed((headers.authorization ?? '').replace('Negotiate ', ''));
const answering = (got: Got, response: ServerResponse, status = 200): void =>
  json(response, {}, status, { 'www-authenticate': `Negotiate ${proofOf(got)}` });

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('each exchange has a login of its own, and the proof of the other side is looked at', async (t) => {
  const { client, got } = await under(t, answering);
  for (const _ of [1, 2]) assert.equal((await client.call(ORDER, never)).status, 200);
  assert.deepEqual(
    got.map(({ headers }) => headers.authorization),
    ['Negotiate dGlja2V00', 'Negotiate dGlja2V01'],
  );
});

test('after 401 a new login is tried once, and the order is sent once more', async (t) => {
  const { client, got } = await under(t, (one, response) => answering(one, response, got.length === 1 ? 401 : 200));
  assert.equal((await client.call(ORDER, never)).status, 200);
  assert.equal(got.length, 2);
});

test('a login that is refused twice is an answer with 401', async (t) => {
  const { client, got, made } = await under(t, (_, response) =>
    json(response, {}, 401, { 'www-authenticate': 'Negotiate' }),
  );
  assert.equal((await client.call(ORDER, never)).status, 401);
  assert.deepEqual([got.length, made.length], [2, 2]);
});

for (const [title, proof] of [
  ['no proof', undefined],
  ['a wrong proof', 'Negotiate d3Jvbmc='],
  ['an offer of NTLM', 'NTLM'],
] as const)
  test(`a success with ${title} is none: of an order the outcome is unknown`, async (t) => {
    const headers = proof === undefined ? {} : { 'www-authenticate': proof };
    const { client } = await under(t, (_, response) => json(response, {}, 200, headers));
    const order = await fault(client.call(ORDER, never));
    assert.deepEqual([order.code, order.retryable], ['unknown-outcome', true]);
    assert.match(
      order.adminText,
      /^AD CS \(localhost:\d+\): (it answers without a proof of itself|its proof of itself is wrong) by Kerberos/,
    );
    const question = await fault(client.call({ method: 'GET', path: '/', idempotent: true }, never));
    assert.deepEqual([question.code, question.retryable], ['unauthorised', true]);
  });

test('an attempt that is made again has a new login, because a ticket counts once', async (t) => {
  const { client, got } = await under(t, (one, response) => answering(one, response, got.length === 1 ? 503 : 200));
  await client.call({ method: 'GET', path: '/', idempotent: true }, never);
  assert.deepEqual(
    got.map(({ headers }) => headers.authorization),
    ['Negotiate dGlja2V00', 'Negotiate dGlja2V01'],
  );
});

test('without a ticket nothing is sent', async (t) => {
  const { url, got } = await serveCa(t, server, answering);
  const negotiate: Negotiate = async () => {
    throw backendFault('unauthorised', 'no ticket');
  };
  const client = backendClient({ name: 'AD CS', url, ca: own.ca, negotiate }, { clock: handClock() });
  t.after(client.close);
  assert.equal((await fault(client.call(ORDER, never))).adminText, 'no ticket');
  assert.equal(got.length, 0);
});

test('a login that does not end is given up with the call', async (t) => {
  const { url } = await serveCa(t, server, answering);
  const negotiate: Negotiate = () => new Promise(() => undefined);
  const client = backendClient({ name: 'AD CS', url, ca: own.ca, negotiate }, { clock: handClock() });
  t.after(client.close);
  const caller = new AbortController();
  const call = client.call(ORDER, caller.signal);
  caller.abort(new Error('over'));
  await assert.rejects(call, /^Error: over$/);
});
