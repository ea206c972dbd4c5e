/** Requests that wait, by actions: what is shown, what a decision changes, and where a role ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import type { ShownRequest } from '../../src/actions/request-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import type { PlanOf } from '../../src/manage/pending-requests.ts';
import { later } from '../../src/testing/store-samples.ts';
import { recordWaiting } from '../kit/waiting-request.ts';
import { desk } from './desk.ts';
import { done } from './running-desk.ts';

const OPERATOR: RoleGrant = { role: 'operator' };
const PLAN: PlanOf = async () => ({
  profile: 'device',
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['clientAuth'],
  notBefore: later(0),
  notAfter: later(60),
});

async function waitingDesk(): Promise<Desk> {
  const on: Desk = {
    ...(await desk()),
    plans: PLAN,
    placesOf: (endpoint) => [{ endpoint, authority: endpoint.slice(1) }],
  };
  await recordWaiting(on.store, 0, { subject: 'CN=a', san: ['dns:a.example'], endpoint: '/one' });
  await recordWaiting(on.store, 1, { subject: 'CN=b', endpoint: '/two' });
  await recordWaiting(on.store, 2, { subject: 'CN=c', endpoint: '/two', reason: 'issuer' });
  return on;
}

type Listed = { requests: ShownRequest[]; next?: string };
const listed = (desk: Desk, grant: RoleGrant, sent: object = {}) =>
  done<Listed>('requests.list', { desk, grant, sent });
const subjects = async (desk: Desk, grant: RoleGrant) =>
  (await listed(desk, grant)).requests.map((each) => each.subject);

test('a viewer sees what waits, with names, key and what would be issued', async () => {
  const { requests } = await listed(await waitingDesk(), { role: 'viewer' }, { limit: 1 });
  const [{ id, ...request } = { id: '' }] = requests;
  assert.match(id, /^[0-9a-f]{40,}$/);
  assert.deepEqual(request, {
    reason: 'approval',
    since: later(0).toISOString(),
    endpoint: '/one',
    transactionId: 'transaction-0',
    subject: 'CN=a',
    names: ['dns:a.example'],
    key: 'RSA 2048',
    signerKey: 'another',
    profile: 'device',
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['clientAuth'],
    notBefore: later(0).toISOString(),
    notAfter: later(60).toISOString(),
  });
});

test('pages follow each other by the id of the last request, and the reason can be chosen', async () => {
  const on = await waitingDesk();
  const first = await listed(on, OPERATOR, { limit: 2 });
  assert.equal(first.next, first.requests[1]?.id);
  const second = await listed(on, OPERATOR, { limit: 2, after: first.next });
  assert.deepEqual([second.requests.map(({ subject }) => subject), second.next], [['CN=c'], undefined]);
  const { requests } = await listed(on, OPERATOR, { reason: 'issuer' });
  assert.deepEqual(
    requests.map(({ subject }) => subject),
    ['CN=c'],
  );
});

test('a role that is limited to an endpoint or an authority knows nothing of the others', async () => {
  const on = await waitingDesk();
  assert.deepEqual(await subjects(on, { role: 'operator', endpoints: ['/two'] }), ['CN=b', 'CN=c']);
  assert.deepEqual(await subjects(on, { role: 'operator', authorities: ['one'] }), ['CN=a']);
  assert.deepEqual(await subjects(on, { role: 'operator', tenants: ['corp'] }), []);
  const [{ id } = { id: '' }] = (await listed(on, OPERATOR)).requests;
  await assert.rejects(
    done('requests.approve', { desk: on, grant: { role: 'operator', endpoints: ['/two'] }, sent: { id } }),
    { code: 'not_found' },
  );
  assert.deepEqual(await subjects(on, OPERATOR), ['CN=a', 'CN=b', 'CN=c']);
});

for (const [action, sent, state] of [
  ['approve', { reason: 'known device' }, 'approved'],
  ['reject', { reason: 'known device' }, 'rejected'],
] as const)
  test(`to ${action} a request is in the history with the person and the reason`, async () => {
    const on = await waitingDesk();
    const [{ id } = { id: '' }] = (await listed(on, OPERATOR)).requests;
    const output = await done(`requests.${action}`, { desk: on, grant: OPERATOR, sent: { id, ...sent } });
    assert.deepEqual(output, { endpoint: '/one', transactionId: 'transaction-0', subject: 'CN=a' });
    assert.deepEqual(await subjects(on, OPERATOR), ['CN=b', 'CN=c']);
    const [entry] = await on.store.listAudit({});
    assert.deepEqual(
      [entry?.event, entry?.actor?.name, entry?.source, entry?.detail],
      [state, 'ada', 'page', 'known device'],
    );
  });

test('a rejection needs a reason, and nobody approves what waits for its policy or the CA', async () => {
  const on = await waitingDesk();
  const { requests } = await listed(on, OPERATOR);
  const [{ id: first } = { id: '' }] = requests;
  await assert.rejects(done('requests.reject', { desk: on, grant: OPERATOR, sent: { id: first } }), {
    code: 'invalid',
  });
  const id = requests[2]?.id;
  await assert.rejects(done('requests.approve', { desk: on, grant: OPERATOR, sent: { id } }), { code: 'conflict' });
  assert.deepEqual(await subjects(on, OPERATOR), ['CN=a', 'CN=b', 'CN=c']);
});

test('without a running server what would be issued is unknown, and the requests are shown', async () => {
  const { plans: _plans, ...on } = await waitingDesk();
  const [request] = (await listed(on, OPERATOR)).requests;
  assert.equal(request?.refused, 'what would be issued is known to a running server only');
});
