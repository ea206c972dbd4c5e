/** Tokens: one request for concurrent callers, and Entra's errors with the setting to change. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ENTRA_CODES } from '../../src/intune/entra-faults.ts';
import { IntuneUnreachable } from '../../src/intune/unreachable.ts';
import { singleFlight } from '../../src/outbound/single-flight.ts';
import { everything, type FakeTenant, fakeTenant, rejection, SECRET } from './fake-tenant.ts';

const request = { transactionId: 'T', csr: Buffer.from('csr') };
const never = new AbortController().signal;
let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());
beforeEach(() => {
  tenant.calls.length = 0;
});

test('twenty devices at a cold start make one token request for each resource and one lookup', async () => {
  const client = tenant.client();
  await Promise.all(Array.from({ length: 20 }, () => client.validateRequest(request, never)));
  const count = (hop: string) => tenant.hops().filter((seen) => seen === hop).length;
  assert.deepEqual([count('token'), count('discovery'), count('validateRequest')], [2, 1, 20]);
});

test('a caller that has already aborted gets its reason at once', async () => {
  const silent = singleFlight(() => new Promise<never>(() => {}));
  await assert.rejects(silent(AbortSignal.abort(new Error('gone'))), /^Error: gone$/);
});

test('a caller that aborts does not end the token request of the others', async () => {
  const client = tenant.client();
  const controller = new AbortController();
  const first = rejection(client.validateRequest(request, controller.signal));
  const second = client.validateRequest(request, never);
  controller.abort(new Error('gone'));
  assert.equal((await first).message, 'gone');
  assert.equal((await second).code, 'Success');
});

for (const [code, { meaning, remedy }] of Object.entries(ENTRA_CODES))
  test(`${code}: ${meaning}`, async () => {
    const json = {
      error: 'invalid_client',
      error_description: `${code}: words. Trace ID: 0 ${SECRET}`,
      error_codes: [Number(code.slice(6))],
      trace_id: '11111111-2222-3333-4444-555555555555',
    };
    tenant.answer('token', { status: 401, json });
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.ok(error instanceof IntuneUnreachable);
    assert.equal(error.hop, 'token');
    assert.equal(error.status, 401);
    assert.equal(error.activityId, json.trace_id);
    assert.ok(error.message.includes(code) && error.message.includes(meaning), error.message);
    assert.equal(error.remedy, remedy);
    assert.deepEqual(tenant.hops(), ['token'], 'a wrong setting is not retried');
    assert.ok(!everything(error).includes(SECRET));
  });

for (const clientSecret of ['hunter2', 'a+b/c~D 8&9', 'x'.repeat(46)])
  test(`no answer of Entra carries a client secret of ${clientSecret.length} characters into an error`, async () => {
    const echoes = [clientSecret, clientSecret.toUpperCase(), encodeURIComponent(clientSecret)];
    const answers = echoes.flatMap((echo) => [
      { status: 401, json: { error: `no ${echo}.`, error_description: echo } },
      { status: 200, json: { error: `no ${echo}.`, error_description: echo } },
      { status: 400, json: { error: { code: `no ${echo}.`, message: echo } } },
      { status: 400, headers: { 'content-type': `text/plain; x=${echo}.` }, text: 'no' },
    ]);
    for (const answer of answers) {
      tenant.answer('token', answer);
      const client = tenant.client({ clientSecret, timeouts: { retries: 0 } });
      const error = await rejection(client.validateRequest(request, never));
      assert.ok(error instanceof IntuneUnreachable);
      assert.match(error.message, /no \[withheld\]\.|x=\[withheld\]\./);
      for (const echo of echoes) assert.ok(!everything(error).includes(echo), everything(error));
    }
  });

test('a temporary fault of Entra is retried', async () => {
  tenant.answer('token', { status: 503, text: '<html>' }, { status: 429, headers: { 'retry-after': '0' }, json: {} });
  assert.equal((await tenant.client().validateRequest(request, never)).code, 'Success');
});

test('after a throttled token request the next call asks Entra again', async () => {
  const client = tenant.client();
  tenant.answer('token', { status: 429, headers: { 'retry-after': '3600' }, json: { error: 'throttled' } });
  const error = await rejection(client.validateRequest(request, never));
  assert.ok(error instanceof IntuneUnreachable);
  assert.equal(error.retryAfterMs, 3_600_000);
  assert.equal((await client.validateRequest(request, never)).code, 'Success');
});

for (const [name, answer] of Object.entries({
  HTML: { text: '<html>' },
  'JSON without a token': { json: { token_type: 'Bearer' } },
}))
  test(`${name} in place of a token`, async () => {
    tenant.always('token', answer);
    const error = await rejection(tenant.client().validateRequest(request, never));
    tenant.always('token', { json: { token_type: 'Bearer', expires_in: 3599, access_token: 'fine' } });
    assert.ok(error instanceof IntuneUnreachable);
    assert.equal(error.hop, 'token');
  });

for (const [what, json] of Object.entries({
  'numbers for text': { token_type: 7, expires_in: 'wrong', access_token: 7 },
  'no token_type': { expires_in: 3599, access_token: 'a' },
  'an object as error': { token_type: 'Bearer', expires_in: 3599, access_token: 'a', error: {} },
}))
  test(`a token response with ${what} is no answer of Entra, and the call is made again`, async () => {
    tenant.answer('token', { json });
    assert.equal((await tenant.client().validateRequest(request, never)).code, 'Success');
    tenant.answer('token', { json }, { json }, { json });
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.match(error.message, /^Intune token: HTTP 200, JSON of another shape where an answer was expected/);
    assert.ok(error instanceof IntuneUnreachable);
    assert.equal(error.remedy, 'Something else answered in place of the service: look for a proxy or a block page.');
  });

test('parts of a token response that are not used may have any type', async () => {
  const parts = { scope: 5, id_token: 'x', client_info: {}, refresh_in: 1e300, suberror: [], error: null };
  tenant.answer('token', { json: { token_type: 'Bearer', expires_in: 3599, access_token: 'a', ...parts } });
  assert.equal((await tenant.client().validateRequest(request, never)).code, 'Success');
});

for (const status of [201, 400, 500])
  test(`a token that comes with HTTP ${status} is not used`, async () => {
    const client = tenant.client({ timeouts: { retries: 0 } });
    tenant.answer('token', { status, json: { token_type: 'Bearer', expires_in: 3599, access_token: 'a' } });
    assert.match((await rejection(client.validateRequest(request, never))).message, new RegExp(`HTTP ${status}`));
  });

for (const [status, remedy] of [
  [429, 'The service is throttling; devices are told to come back later.'],
  [503, 'Look at the service health of the tenant; if it does not pass, give Microsoft the ids.'],
] as const)
  test(`HTTP ${status} of Entra is named, and blames neither the app nor its credential`, async () => {
    const busy = { status, json: { error: 'temporarily_unavailable' } };
    tenant.answer('token', busy, busy, busy);
    const error = await rejection(tenant.client().validateRequest(request, never));
    assert.equal(error.message, `Intune token: Entra ID gave no token: HTTP ${status}, temporarily_unavailable`);
    assert.ok(error instanceof IntuneUnreachable);
    assert.equal(error.remedy, remedy);
  });
