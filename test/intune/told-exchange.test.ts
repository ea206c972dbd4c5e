/** What is told of each HTTP call to Entra, Graph and Intune. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { CallMade } from '../../src/intune/told-exchange.ts';
import { type FakeTenant, fakeTenant } from './fake-tenant.ts';

const request = { transactionId: 'T', csr: Buffer.from('csr') };
const never = new AbortController().signal;
let tenant: FakeTenant;
before(async () => {
  tenant = await fakeTenant();
});
after(() => tenant.close());

test('each call is told with its step, its result and its status; one without an answer has none', async () => {
  const told: CallMade[] = [];
  const timeouts = { retries: 0, callMs: 300 };
  const client = tenant.client({ timeouts, called: (call) => told.push(call) });
  await client.validateRequest(request, never);
  for (const answer of [{ status: 429 }, { status: 404 }, { status: 500 }, 'reset'] as const) {
    tenant.answer('validateRequest', answer);
    await assert.rejects(client.validateRequest(request, never));
  }
  const all = told.map(({ call, result, status }) => [call, result, status]);
  assert.deepEqual(
    all.filter(([call]) => call === 'validateRequest'),
    [
      ['validateRequest', 'answered', 200],
      ['validateRequest', 'throttled', 429],
      ['validateRequest', 'refused', 404],
      ['validateRequest', 'failed', 500],
      ['validateRequest', 'unreachable', undefined],
    ],
  );
  assert.ok(all.some(([call, result]) => call === 'token' && result === 'answered'));
  const [first] = told.filter(({ call }) => call === 'validateRequest');
  assert.match(String(first?.clientRequestId), /^[0-9a-f-]{36}$/);
  assert.ok(told.every(({ ms }) => ms >= 0));
});
