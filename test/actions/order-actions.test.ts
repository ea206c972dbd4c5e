/** Orders without an answer by actions: who sees them, and who closes one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perform, type Caller } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { recordOrder } from '../kit/waiting-order.ts';
import { desk } from './desk.ts';

const caller = (...grants: RoleGrant[]): Caller => ({ actor: { kind: 'person', name: 'ada' }, source: 'page', grants });
type Listed = { orders: { id: number; transactionId: string; endpoint: string }[]; next?: number };

async function withOrders(number = 2) {
  const on = await desk();
  for (let n = 1; n <= number; n++)
    await recordOrder(on.store, n, { endpoint: n % 2 ? '/a' : '/b', state: n === 2 ? 'sent' : 'orphan' });
  const listed = async (grant: RoleGrant, sent: object = {}): Promise<Listed> => {
    const performed = await perform(actionNamed('orders.list'), { desk: on, caller: caller(grant), sent });
    assert.ok(performed.kind === 'done');
    return performed.output as Listed;
  };
  const done = (grant: RoleGrant, id: unknown) =>
    perform(actionNamed('orders.done'), { desk: on, caller: caller(grant), sent: { id } });
  return { on, listed, done };
}

test('a viewer sees the orders, oldest first, with what they are found by at the CA', async () => {
  const { listed } = await withOrders();
  const { orders, next } = await listed({ role: 'viewer' });
  assert.equal(next, undefined);
  assert.deepEqual(orders, [
    {
      id: orders[0]?.id,
      state: 'orphan',
      sentAt: '2026-03-01T11:00:00.000Z',
      endpoint: '/a',
      transactionId: 'order-1',
      publicKeyHash: '01'.repeat(32),
      requestKey: '01'.repeat(32),
    },
    {
      id: orders[1]?.id,
      state: 'sent',
      sentAt: '2026-03-01T11:00:00.000Z',
      endpoint: '/b',
      transactionId: 'order-2',
      publicKeyHash: '02'.repeat(32),
      requestKey: '02'.repeat(32),
    },
  ]);
});

test('an operator says that one was looked for: it is gone, and the history says who did that', async () => {
  const { on, listed, done } = await withOrders();
  const [first] = (await listed({ role: 'viewer' })).orders;
  assert.deepEqual(await done({ role: 'operator' }, String(first?.id)), {
    kind: 'done',
    output: { endpoint: '/a', transactionId: 'order-1' },
  });
  assert.deepEqual(
    (await listed({ role: 'viewer' })).orders.map(({ transactionId }) => transactionId),
    ['order-2'],
  );
  const [entry] = await on.store.listAudit({});
  assert.deepEqual([entry?.event, entry?.actor?.name, entry?.transactionId], ['discarded', 'ada', 'order-1']);
  await assert.rejects(done({ role: 'operator' }, first?.id), { code: 'not_found', status: 404 });
});

test('who is limited to an endpoint sees and closes the orders of it alone; a viewer closes none', async () => {
  const { listed, done } = await withOrders();
  const of = { endpoints: ['/b'] } as const;
  const { orders } = await listed({ role: 'viewer', ...of });
  assert.deepEqual(
    orders.map(({ endpoint }) => endpoint),
    ['/b'],
  );
  const [first, second] = (await listed({ role: 'viewer' })).orders;
  await assert.rejects(done({ role: 'operator', ...of }, first?.id), { code: 'not_found', status: 404 });
  await assert.rejects(done({ role: 'viewer' }, second?.id), { code: 'forbidden', status: 403 });
  assert.equal((await done({ role: 'operator', ...of }, second?.id)).kind, 'done');
});

test('many orders come in pages', async () => {
  const { listed } = await withOrders(201);
  const first = await listed({ role: 'viewer' });
  assert.deepEqual([first.orders.length, first.next], [200, first.orders.at(-1)?.id]);
  const second = await listed({ role: 'viewer' }, { after: first.next });
  assert.deepEqual([second.orders.map(({ transactionId }) => transactionId), second.next], [['order-201'], undefined]);
});
