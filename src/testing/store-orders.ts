/** The contract of a Store for orders at CAs elsewhere: recorded before the CA is asked, and gone with the certificate. */
import assert from 'node:assert/strict';
import type { NewOrder } from '../core/order-store.ts';
import type { Pending } from '../core/store.ts';
import type { Check } from './opened-store.ts';
import { auditFor, issuanceFor, later, NOON, pendingFor } from './store-samples.ts';

const orderFor = (n: number, at = NOON): NewOrder => {
  const { transaction, certificate } = issuanceFor(n);
  const { endpoint, transactionId } = transaction;
  return { requestKey: transaction.request, endpoint, transactionId, publicKeyHash: certificate.publicKeyHash, at };
};

const ALLOWED = { retryAt: later(60), notify: 'strict', withinRenewed: true, vouchesForPurposes: true } as const;

/** The nth request, whose CA is about to be asked. */
const placed = (n: number, consumes?: string): Pending => {
  const { transaction, ...rest } = pendingFor(n, { reason: 'issuer' });
  const issuance = { ...ALLOWED, ...(consumes !== undefined && { consumes }) };
  return {
    ...rest,
    transaction: { ...transaction, issuance },
    order: orderFor(n),
    ...(consumes !== undefined && { consumes }),
  };
};

/** Declares them. */
export function orders(check: Check): void {
  check(
    'an order is recorded with what was allowed, without a line in the history, and outlives a restart',
    async ({ store, reopen }) => {
      assert.deepEqual(await store.recordPending(placed(1)), { kind: 'recorded' });
      const { transaction } = placed(1);
      const again = reopen ? await reopen() : store;
      assert.deepEqual((await again.findTransaction(transaction.key))?.issuance, ALLOWED);
      const [order] = await again.listOrders({ limit: 9 });
      assert.deepEqual(order, { ...orderFor(1), id: order?.id, state: 'sent' });
      assert.deepEqual(await again.listAudit({}), []);
      assert.equal(await again.countSent(transaction.request), 1);
      assert.equal(await again.countSent('another'), 0);
    },
  );

  check('no order is recorded for a request that got something else meanwhile', async ({ store }) => {
    await store.recordIssued(issuanceFor(1));
    assert.equal((await store.recordPending(placed(1))).kind, 'duplicate');
    assert.deepEqual(await store.listOrders({ limit: 9 }), []);
  });

  check('the certificate ends its orders, and orphans stay', async ({ store }) => {
    await store.recordPending(placed(1));
    await store.recordPending(placed(2));
    const { request } = placed(1).transaction;
    await store.endOrders(request, 'orphan');
    await store.addOrder(orderFor(1, later(60)));
    assert.deepEqual(await statesOf(store), ['orphan', 'sent', 'sent']);
    assert.deepEqual(await store.countOrders(), { sent: 2, orphan: 1 });
    await store.recordIssued({ ...issuanceFor(1), order: request });
    assert.deepEqual(await statesOf(store), ['orphan', 'sent']);
    const { transaction } = placed(2);
    await store.endOrders(transaction.request, 'orphan', NOON);
    assert.deepEqual(await statesOf(store), ['orphan', 'sent'], 'it is not from before that moment');
    await store.endOrders(transaction.request, 'known', later(1));
    assert.deepEqual(await statesOf(store), ['orphan']);
  });

  check('of 20 processes that take the same order one asks the CA', async ({ store, beside, setClock }) => {
    await store.recordPending(placed(1));
    const { key } = placed(1).transaction;
    const other = (await beside?.()) ?? store;
    const seen = (await store.findTransaction(key))?.updatedAt;
    assert.ok(seen);
    setClock(later(61));
    const taken = { ...ALLOWED, retryAt: later(121) };
    const all = Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).postponeIssuance(key, taken, { seen }));
    assert.equal((await Promise.all(all)).filter(Boolean).length, 1);
    assert.deepEqual((await store.findTransaction(key))?.issuance, taken);
    if (other !== store) await other.close();
  });

  check('the history says once that the request waits, and the certificate has that line too', async ({ store }) => {
    await store.recordPending(placed(1));
    const { key } = placed(1).transaction;
    await store.postponeIssuance(key, { ...ALLOWED, reference: 'order 1' }, { audit: auditFor(1, 'pending') });
    await store.postponeIssuance(key, { ...ALLOWED, reference: 'order 1' });
    const { certificate } = issuanceFor(1);
    await store.recordIssued(issuanceFor(1));
    assert.deepEqual(
      (await store.listAudit({ certificate })).map(({ event }) => event),
      ['issued', 'pending'],
    );
  });

  check('a challenge that a withdrawn request has used up can be used again', async ({ store }) => {
    await store.recordPending(placed(1, 'one-time'));
    assert.equal((await store.recordPending(placed(2, 'one-time'))).kind, 'consumed');
    await store.withdrawPending(placed(2).transaction.key, 'one-time');
    assert.equal(
      (await store.recordPending(placed(2, 'one-time'))).kind,
      'consumed',
      'only by the request that used it',
    );
    await store.withdrawPending(placed(1).transaction.key, 'one-time');
    assert.equal((await store.recordPending(placed(2, 'one-time'))).kind, 'recorded');
  });

  check('orphans and old orders are counted, listed by pages and removed', async ({ store }) => {
    for (const n of [1, 2, 3]) await store.addOrder(orderFor(n, later(n)));
    await store.endOrders(orderFor(3).requestKey, 'orphan');
    assert.deepEqual(await store.orderStanding(later(1)), { waiting: 1, oldest: later(3) });
    assert.deepEqual(await store.orderStanding(later(2)), { waiting: 2, oldest: later(1) });
    const [first, second] = await store.listOrders({ limit: 2 });
    assert.ok(first && second);
    const rest = await store.listOrders({ after: second.id, limit: 2 });
    assert.deepEqual(
      [first, second, ...rest].map(({ transactionId }) => transactionId),
      ['transaction-1', 'transaction-2', 'transaction-3'],
    );
    const { issuerId: _, serial: __, ...audit } = auditFor(1, 'discarded');
    assert.equal(await store.removeOrder(first.id, audit), true);
    assert.equal(await store.removeOrder(first.id, audit), false);
    assert.deepEqual(await store.listAudit({}), [audit]);
    assert.equal(await store.removeOrders(later(3)), 1);
    assert.deepEqual(await statesOf(store), ['orphan']);
    assert.equal(await store.removeOrders(later(4)), 1);
    assert.deepEqual(await store.orderStanding(later(9)), { waiting: 0 });
  });
}

const statesOf = async (store: Parameters<Parameters<Check>[1]>[0]['store']): Promise<string[]> =>
  (await store.listOrders({ limit: 9 })).map(({ state }) => state);
