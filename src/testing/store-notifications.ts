/** The contract of a Store for notifications: who may send one, when, and what its result changes. */
import assert from 'node:assert/strict';
import type { PendingNotification } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { type Check, CLAIM, recorded } from './opened-store.ts';
import {
  auditFor,
  certificateId,
  csrFor,
  failureNotificationFor,
  issuanceFor,
  later,
  NOON,
  successNotificationFor,
} from './store-samples.ts';

const STRICT = { ...CLAIM, mode: 'strict' } as const;
const OUTBOX = { ...CLAIM, mode: 'outbox' } as const;
const SECOND = { owner: 'second' };
const MINUTE = { owner: 'request', leaseMs: 60_000 };

const idsOf = (claimed: readonly PendingNotification[]): number[] => claimed.map(({ id }) => id);

async function claimOne(store: Store, claim: Parameters<Store['claimNotifications']>[0]): Promise<PendingNotification> {
  const [claimed, ...others] = await store.claimNotifications(claim);
  assert.ok(claimed && others.length === 0, 'one notification is claimed');
  return claimed;
}

/** Declares them. */
export function notifications(check: Check): void {
  results(check);
  timing(check);
  leases(check);
  owners(check);
  lists(check);
}

function results(check: Check): void {
  check(
    'a strict notification is claimed with its certificate, and its acknowledgement delivers it',
    async ({ store }) => {
      const claim = await recorded(store, issuanceFor(1, { notification: 'strict' }));
      assert.deepEqual(await store.claimNotifications(OUTBOX), []);
      assert.deepEqual(await store.claimNotifications(STRICT), [
        {
          id: claim.id,
          fence: claim.fence + 1,
          notification: successNotificationFor(1),
          certificate: certificateId(1),
          mode: 'strict',
          attempts: 0,
          createdAt: NOON,
          dueAt: NOON,
        },
      ]);
      const held = { id: claim.id, fence: claim.fence + 1 };
      assert.equal(await store.acknowledgeNotification(held, auditFor(1, 'delivered', later(2))), true);
      const certificate = await store.findCertificate(certificateId(1));
      assert.deepEqual([certificate?.state, certificate?.deliveredAt], ['delivered', later(2)]);
      assert.deepEqual((await store.listAudit({}))[0], auditFor(1, 'delivered', later(2)));
      assert.deepEqual((await store.listAudit({ certificate: certificateId(1) })).length, 2);
    },
  );

  check('a strict notification that is abandoned revokes its certificate, never delivered', async ({ store }) => {
    const claim = await recorded(store, issuanceFor(1, { notification: 'strict' }));
    assert.equal(await store.abandonNotification(claim, auditFor(1, 'never-delivered', later(2))), true);
    assert.deepEqual(await store.claimNotifications(STRICT), []);
    const certificate = await store.findCertificate(certificateId(1));
    assert.deepEqual(
      [certificate?.state, certificate?.revokedAt, certificate?.revocationReason, certificate?.deliveredAt],
      ['revoked', later(2), 'cessationOfOperation', undefined],
    );
    assert.deepEqual((await store.listAudit({}))[0], auditFor(1, 'never-delivered', later(2)));
    assert.deepEqual(await store.claimRevocations(CLAIM), []);
  });

  check('an outbox notification that is done leaves the certificate delivered', async ({ store }) => {
    for (const [n, settle] of [[1, 'acknowledgeNotification'] as const, [2, 'abandonNotification'] as const]) {
      const issuance = issuanceFor(n, { notification: 'outbox' });
      const claim = await recorded(store, issuance);
      assert.equal(await store[settle](claim, auditFor(n, 'notified', later(9))), true);
      assert.deepEqual(await store.findCertificate(certificateId(n)), issuance.certificate);
    }
    assert.deepEqual(await store.claimNotifications(OUTBOX), []);
  });

  check('an acknowledgement does not bring a revoked certificate back', async ({ store }) => {
    const claim = await recorded(store, issuanceFor(1, { notification: 'strict' }));
    await store.revoke(certificateId(1), 'keyCompromise', auditFor(1, 'revoked', later(1)));
    await store.acknowledgeNotification(claim, auditFor(1, 'delivered', later(2)));
    const certificate = await store.findCertificate(certificateId(1));
    assert.deepEqual([certificate?.state, certificate?.deliveredAt], ['revoked', undefined]);
    assert.deepEqual(await store.claimNotifications(STRICT), []);
  });

  check('a second result for a notification changes nothing, and no later notification either', async ({ store }) => {
    const claim = await recorded(store, issuanceFor(1, { notification: 'strict' }));
    await store.acknowledgeNotification(claim, auditFor(1, 'delivered'));
    const other = await recorded(store, issuanceFor(2, { notification: 'strict' }));
    assert.notEqual(other.id, claim.id);
    assert.equal(await store.abandonNotification(claim, auditFor(1, 'never-delivered')), false);
    assert.equal(await store.postponeNotification(claim, later(1e6)), false);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'delivered');
    assert.deepEqual(idsOf(await store.claimNotifications(STRICT)), [other.id]);
    assert.equal((await store.listAudit({})).length, 3);
  });

  check('a failure notification is sent from the outbox, and its CSR is kept octet for octet', async ({ store }) => {
    const id = await store.recordNotification(failureNotificationFor(1));
    const claimed = await claimOne(store, OUTBOX);
    assert.deepEqual(
      [claimed.id, claimed.notification, claimed.certificate, claimed.mode, claimed.attempts],
      [id, failureNotificationFor(1), undefined, 'outbox', 0],
    );
    assert.deepEqual(claimed.notification.csr, csrFor(1));
    const { issuerId: _none, serial: _neither, ...audit } = auditFor(1, 'notification-abandoned');
    assert.equal(await store.abandonNotification(claimed, { ...audit, detail: 'gone' }), true);
    assert.deepEqual(await store.listAudit({}), [{ ...audit, detail: 'gone' }]);
  });
}

function timing(check: Check): void {
  check('a postponed notification comes back at its time, with one attempt more', async ({ store, setClock }) => {
    await recorded(store, issuanceFor(1, { notification: 'outbox' }));
    assert.equal(await store.postponeNotification(await claimOne(store, OUTBOX), later(60)), true);
    setClock(later(60));
    assert.equal(await store.postponeNotification(await claimOne(store, OUTBOX), later(120)), true);
    setClock(new Date(later(120).getTime() - 1));
    assert.deepEqual(await store.claimNotifications(OUTBOX), []);
    setClock(later(120));
    const claimed = await claimOne(store, OUTBOX);
    assert.deepEqual([claimed.attempts, claimed.dueAt], [2, later(120)]);
  });

  check('due notifications come oldest first and no more than asked for', async ({ store, setClock }) => {
    const ids: number[] = [];
    for (const n of [1, 2, 3]) ids.push((await recorded(store, issuanceFor(n, { notification: 'outbox' }))).id);
    await store.postponeNotification((await store.claimNotifications({ ...OUTBOX, limit: 1 }))[0]!, later(5));
    setClock(later(5));
    assert.deepEqual(idsOf(await store.claimNotifications({ ...OUTBOX, limit: 2 })), [ids[1], ids[2]]);
    assert.deepEqual(idsOf(await store.claimNotifications(OUTBOX)), [ids[0]]);
  });
}

function leases(check: Check): void {
  check('a strict notification belongs to the running request until its lease expires', async ({ store, setClock }) => {
    const claim = await recorded(store, issuanceFor(1, { notification: 'strict', lease: MINUTE }));
    setClock(new Date(later(60).getTime() - 1));
    assert.deepEqual(await store.claimNotifications(STRICT), []);
    setClock(later(60));
    assert.deepEqual(idsOf(await store.claimNotifications(STRICT)), [claim.id]);
  });

  check('a request that is slower than its lease cannot write a result any more', async ({ store, setClock }) => {
    const slow = await recorded(store, issuanceFor(1, { notification: 'strict', lease: MINUTE }));
    setClock(later(60));
    const taken = await claimOne(store, STRICT);
    assert.ok(taken.fence > slow.fence);
    assert.equal(await store.acknowledgeNotification(slow, auditFor(1, 'delivered')), false);
    assert.equal(await store.postponeNotification(slow, later(1e6)), false);
    assert.equal(await store.abandonNotification(slow, auditFor(1, 'never-delivered'), { tellIssuer: true }), false);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'issued');
    assert.equal((await store.listAudit({})).length, 1);
    assert.deepEqual(await store.claimRevocations(CLAIM), []);
    assert.equal(await store.acknowledgeNotification(taken, auditFor(1, 'delivered')), true);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'delivered');
  });

  check('an outbox notification that is claimed is not claimed again until the lease expires', async (opened) => {
    const { store, setClock } = opened;
    await recorded(store, issuanceFor(1, { notification: 'outbox' }));
    const first = await claimOne(store, { ...OUTBOX, leaseMs: 60_000 });
    setClock(new Date(later(60).getTime() - 1));
    assert.deepEqual(await store.claimNotifications({ ...OUTBOX, ...SECOND }), []);
    assert.deepEqual(await store.claimNotifications(OUTBOX), []);
    setClock(later(60));
    const second = await claimOne(store, { ...OUTBOX, ...SECOND });
    assert.deepEqual([second.id, second.fence], [first.id, first.fence + 1]);
    assert.equal(await store.acknowledgeNotification(first, auditFor(1, 'notified')), false);
    assert.equal(await store.acknowledgeNotification(second, auditFor(1, 'notified')), true);
  });

  check('a lease from before the clock was set back by hours is over', async ({ store, setClock }) => {
    await recorded(store, issuanceFor(1, { notification: 'outbox' }));
    setClock(later(3 * 3_600));
    const first = await claimOne(store, { ...OUTBOX, leaseMs: 60_000 });
    setClock(later(60));
    const second = await claimOne(store, { ...OUTBOX, ...SECOND });
    assert.deepEqual([second.id, second.fence], [first.id, first.fence + 1]);
  });

  check('what was postponed before the clock was set back by years is due', async ({ store, setClock }) => {
    const years = 5 * 365 * 86_400;
    setClock(later(years));
    await recorded(store, issuanceFor(1, { notification: 'outbox' }));
    const first = await claimOne(store, OUTBOX);
    await store.postponeNotification(first, later(years + 3_600));
    setClock(later(60));
    const second = await claimOne(store, { ...OUTBOX, ...SECOND });
    assert.deepEqual([second.id, second.fence], [first.id, first.fence + 1]);
  });

  check('what is postponed is free for another owner at its time', async ({ store, setClock }) => {
    await recorded(store, issuanceFor(1, { notification: 'outbox' }));
    const first = await claimOne(store, OUTBOX);
    await store.postponeNotification(first, later(30));
    setClock(later(30));
    const second = await claimOne(store, { ...OUTBOX, ...SECOND });
    assert.deepEqual([second.id, second.fence], [first.id, first.fence + 1]);
  });
}

function lists(check: Check): void {
  check(
    'the list has every notification, the oldest first, without the CSR and with its last error',
    async ({ store }) => {
      assert.deepEqual(await store.listNotifications({ limit: 10 }), []);
      const { id, fence } = await recorded(store, issuanceFor(1, { notification: 'outbox' }));
      const failure = await store.recordNotification(failureNotificationFor(2));
      const strict = await recorded(store, issuanceFor(3, { notification: 'strict' }));
      const [claimed] = await store.claimNotifications({ ...OUTBOX, limit: 1 });
      await store.postponeNotification(claimed!, later(30), 'Intune answered 503');
      const transaction = { endpoint: successNotificationFor(1).endpoint, transactionId: 'transaction-1' };
      const first = {
        id,
        fence: fence + 1,
        kind: 'success',
        ...transaction,
        certificate: certificateId(1),
        mode: 'outbox',
        attempts: 1,
        createdAt: NOON,
        dueAt: later(30),
        lastError: 'Intune answered 503',
      };
      const all = await store.listNotifications({ limit: 10 });
      assert.deepEqual(all[0], first);
      assert.deepEqual(
        all.map((each) => [each.id, each.kind, each.mode]),
        [
          [id, 'success', 'outbox'],
          [failure, 'failure', 'outbox'],
          [strict.id, 'success', 'strict'],
        ],
      );
      assert.deepEqual(await store.listNotifications({ id, limit: 10 }), [first]);
      assert.equal((await store.listNotifications({ limit: 2 })).length, 2);
    },
  );

  check('retry makes those due that are named and not being sent, or all such', async ({ store, setClock }) => {
    const ids: number[] = [];
    for (const n of [1, 2, 3]) ids.push((await recorded(store, issuanceFor(n, { notification: 'outbox' }))).id);
    for (const claimed of await store.claimNotifications({ ...OUTBOX, limit: 2 }))
      await store.postponeNotification(claimed, later(3_000));
    await claimOne(store, OUTBOX);
    setClock(later(10));
    assert.equal(await store.retryNotifications([ids[1]!, ids[2]!, 999]), 1);
    assert.deepEqual(idsOf(await store.claimNotifications(OUTBOX)), [ids[1]]);
    assert.equal(await store.retryNotifications('all'), 1);
    assert.deepEqual(idsOf(await store.claimNotifications(OUTBOX)), [ids[0]]);
    assert.equal(await store.retryNotifications([]), 0);
  });

  check('the outbox says how many wait and since when; strict ones do not count', async ({ store, setClock }) => {
    await recorded(store, issuanceFor(1, { notification: 'strict' }));
    assert.deepEqual(await store.outboxStanding(), { waiting: 0 });
    setClock(later(5));
    const first = await recorded(store, issuanceFor(2, { notification: 'outbox' }));
    setClock(later(9));
    await recorded(store, issuanceFor(3, { notification: 'outbox' }));
    const standing = await store.outboxStanding();
    assert.equal(standing.waiting, 2);
    await store.acknowledgeNotification(first, auditFor(2, 'notified'));
    assert.equal((await store.outboxStanding()).waiting, 1);
    assert.ok(standing.oldest! < (await store.outboxStanding()).oldest!);
  });
}

function owners(check: Check): void {
  check('of 20 owners that claim at the same time each notification has one', async (opened) => {
    const stores = [opened.store, ...(opened.beside ? [await opened.beside()] : [])];
    const ids: number[] = [];
    for (const n of [1, 2, 3, 4, 5])
      ids.push((await recorded(opened.store, issuanceFor(n, { notification: 'outbox' }))).id);
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        stores[n % stores.length]!.claimNotifications({ ...OUTBOX, owner: `owner ${n}`, limit: 2 }),
      ),
    );
    assert.deepEqual(
      idsOf(claims.flat()).toSorted((a, b) => a - b),
      ids,
    );
    for (const store of stores.slice(1)) await store.close();
  });

  check(
    'another process does not take the notification of a running request, and takes it after its lease',
    async (opened, context) => {
      if (!opened.beside) return context.skip('this store has one process');
      const other = await opened.beside();
      const claim = await recorded(opened.store, issuanceFor(1, { notification: 'strict', lease: MINUTE }));
      assert.deepEqual(await other.claimNotifications({ ...STRICT, ...SECOND }), []);
      opened.setClock(later(60));
      const taken = await claimOne(other, { ...STRICT, ...SECOND });
      assert.equal(await opened.store.acknowledgeNotification(claim, auditFor(1, 'delivered')), false);
      assert.equal(await other.acknowledgeNotification(taken, auditFor(1, 'delivered')), true);
      await other.close();
    },
  );

  check(
    'a lease outlives a restart, and ends at once where the store is opened for one owner alone',
    async (opened, context) => {
      if (!opened.reopen) return context.skip('this store keeps nothing');
      const claim = await recorded(opened.store, issuanceFor(1, { notification: 'strict', lease: MINUTE }));
      opened.store = await opened.reopen();
      assert.deepEqual(await opened.store.claimNotifications({ ...STRICT, ...SECOND }), []);
      opened.store = await opened.reopen('claimed');
      const taken = await claimOne(opened.store, { ...STRICT, ...SECOND });
      assert.deepEqual([taken.id, taken.fence], [claim.id, claim.fence + 1]);
      assert.equal(await opened.store.acknowledgeNotification(claim, auditFor(1, 'delivered')), false);
    },
  );
}
