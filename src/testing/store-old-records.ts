/** The contract of a Store for records that are removed when they are old. */
import assert from 'node:assert/strict';
import type { OldKind, StoredCertificate } from '../core/records.ts';
import type { Issuance, OldPage, Store } from '../core/store.ts';
import { type Check, CLAIM, recorded } from './opened-store.ts';
import { auditFor, certificateId, chained, issuanceFor, later, pendingFor, pollOf } from './store-samples.ts';

const DAY = 86_400;
/** The moment, so many days after NOON. */
const days = (number: number): Date => later(number * DAY);

/** The nth issuance, whose certificate ends so many days after NOON. */
function ending(n: number, end: number, options: Parameters<typeof issuanceFor>[1] = {}): Issuance {
  const issuance = issuanceFor(n, options);
  return { ...issuance, certificate: { ...issuance.certificate, notAfter: days(end) } };
}

/** Looks at all records of a kind, and returns how many were removed on each page. */
async function removeAll(store: Store, page: Omit<OldPage, 'after' | 'limit'> & { limit?: number }): Promise<number[]> {
  const removed: number[] = [];
  await chained(store);
  for (let after: number | undefined = 0; after !== undefined; ) {
    const done = await store.removeOld({ limit: 100, ...page, after });
    removed.push(done.removed);
    after = done.next;
    assert.ok(removed.length < 100, 'it comes to an end');
  }
  return removed;
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
const removedOf = async (store: Store, kind: OldKind, before: Date): Promise<number> =>
  sum(await removeAll(store, { kind, before }));

const withoutDer = (certificate: StoredCertificate): StoredCertificate => ({ ...certificate, der: new Uint8Array(0) });

/** Declares these tests. */
export function oldRecords(check: Check): void {
  ended(check);
  kept(check);
  paged(check);
}

function ended(check: Check): void {
  check('the DER of a certificate that ended is removed, and everything else about it stays', async ({ store }) => {
    const [old, young] = [ending(1, 10), ending(2, 20)];
    await recorded(store, old);
    await recorded(store, young);
    assert.equal(await removedOf(store, 'transactions', days(15)), 1);
    assert.equal(await removedOf(store, 'der', days(15)), 1);
    assert.deepEqual(await store.findCertificate(certificateId(1)), withoutDer(old.certificate));
    assert.deepEqual(await store.findCertificate(certificateId(2)), young.certificate);
    assert.deepEqual(await store.findCertificatesBySerial(old.certificate.serial), [withoutDer(old.certificate)]);
    for (const filter of [
      { subject: 'device-1' },
      { names: [{ kind: 'upn', value: 'user1@example.com' }] },
      { thumbprint: old.certificate.thumbprint },
      { serialPrefix: old.certificate.serial.slice(0, 8) },
      { ends: { before: days(15) } },
    ] as const)
      assert.deepEqual(await store.listCertificates(filter), [withoutDer(old.certificate)]);
    assert.deepEqual(await store.listAudit({ certificate: certificateId(1) }), [old.audit]);
    assert.equal(await removedOf(store, 'der', days(15)), 0);
  });

  check('a certificate that ends at the moment itself has not ended before it', async ({ store }) => {
    await recorded(store, ending(1, 10));
    for (const kind of ['transactions', 'der', 'audit'] as const) {
      assert.equal(await removedOf(store, kind, days(10)), 0, kind);
      assert.equal(await removedOf(store, kind, new Date(days(10).getTime() + 1)), 1, kind);
    }
  });

  check('a transaction ends with its certificate, or with its rejection', async ({ store }) => {
    await recorded(store, ending(1, 10));
    await store.recordPending(pendingFor(2));
    await store.decidePending(pendingFor(2).transaction.key, 'rejected', auditFor(2, 'rejected', days(12)));
    assert.equal(await removedOf(store, 'transactions', days(12)), 1);
    assert.equal(await store.findTransaction(issuanceFor(1).transaction.key), undefined);
    assert.equal((await store.findPolled(pollOf(2)))?.state, 'rejected');
    assert.equal(await removedOf(store, 'transactions', days(13)), 1);
    assert.equal(await store.findPolled(pollOf(2)), undefined);
  });

  check('an entry of the history ends with its certificate, or when it was written', async ({ store }) => {
    await recorded(store, ending(1, 10));
    await store.recordPending(pendingFor(2));
    assert.equal(await removedOf(store, 'audit', days(5)), 1);
    assert.deepEqual(
      (await store.listAudit({})).map(({ event }) => event),
      ['issued'],
    );
    assert.equal(await removedOf(store, 'audit', days(11)), 1);
    assert.deepEqual(await store.listAudit({}), []);
  });

  check('a certificate without DER is revoked and renewed as before, and its CA is not told', async ({ store }) => {
    await recorded(store, ending(1, 10));
    const renewal = ending(2, 400);
    await recorded(store, { ...renewal, certificate: { ...renewal.certificate, renews: certificateId(1) } });
    await removedOf(store, 'transactions', days(15));
    await removedOf(store, 'der', days(15));
    assert.deepEqual(
      (await store.findRenewals(certificateId(1))).map(({ serial }) => serial),
      [certificateId(2).serial],
    );
    const audit = auditFor(1, 'revoked', days(16));
    assert.equal(await store.revoke(certificateId(1), 'keyCompromise', audit, { tellIssuer: true }), true);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'revoked');
    assert.equal(await store.isCompromised(issuanceFor(1).certificate.publicKeyHash), true);
    assert.deepEqual(await store.claimRevocations({ owner: 'first', leaseMs: 1_000, limit: 10 }), []);
  });
}

function kept(check: Check): void {
  check('what a request still waits for stays', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.recordPending(pendingFor(2));
    await store.decidePending(pendingFor(2).transaction.key, 'approved', auditFor(2, 'approved'));
    assert.equal(await removedOf(store, 'transactions', days(9_999)), 0);
    assert.equal((await store.findPolled(pollOf(1)))?.state, 'pending');
    assert.equal((await store.findPolled(pollOf(2)))?.state, 'approved');
  });

  for (const notification of ['strict', 'outbox'] as const)
    check(`what a notification (${notification}) still waits for stays`, async ({ store, setClock }) => {
      await recorded(store, ending(1, 10, { notification }));
      await recorded(store, ending(2, 10));
      for (const kind of ['transactions', 'der', 'audit'] as const) {
        assert.equal(await removedOf(store, kind, days(15)), 1, kind);
        assert.deepEqual(await removeAll(store, { kind, before: days(15), limit: 1 }).then(sum), 0, kind);
      }
      assert.ok((await store.findCertificate(certificateId(1)))!.der.length > 0);
      assert.ok(await store.findTransaction(issuanceFor(1).transaction.key));
      assert.equal((await store.listAudit({ certificate: certificateId(1) })).length, 1);
      setClock(days(16));
      const [claim] = await store.claimNotifications({ ...CLAIM, mode: notification });
      assert.equal(await store.acknowledgeNotification(claim!, auditFor(1, 'notified', days(16))), true);
      assert.equal(await removedOf(store, 'transactions', days(17)), 1);
    });

  check(
    'a revoked certificate that has not ended stays whole, and on the revocation list after that',
    async ({ store }) => {
      const { certificate } = ending(1, 10);
      await recorded(store, ending(1, 10));
      await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked'));
      assert.equal(await removedOf(store, 'der', days(9)), 0);
      assert.deepEqual((await store.findCertificate(certificateId(1)))?.der, certificate.der);
      for (const kind of ['transactions', 'der', 'audit'] as const) await removedOf(store, kind, days(99));
      assert.equal((await store.listRevoked(certificate.issuerId, { limit: 9 })).length, 1);
      assert.equal((await store.listRevoked(certificate.issuerId, { limit: 10 })).length, 1);
    },
  );
}

function paged(check: Check): void {
  check('a page is no larger than it may be, and the next one goes on', async ({ store }) => {
    for (let n = 1; n <= 7; n++) await recorded(store, ending(n, 10));
    await recorded(store, ending(8, 20));
    for (const kind of ['transactions', 'der', 'audit'] as const) {
      const pages = await removeAll(store, { kind, before: days(15), limit: 3 });
      assert.equal(sum(pages), 7, kind);
      assert.ok(pages.length >= 3 && Math.max(...pages) === 3, `${kind}: ${pages.join()}`);
    }
  });

  check(
    'what was removed is removed when the store is opened again, and the rest goes on',
    async ({ store, reopen }, context) => {
      if (!reopen) return context.skip('this store keeps nothing');
      for (let n = 1; n <= 4; n++) await recorded(store, ending(n, 10 + n));
      assert.equal((await store.removeOld({ kind: 'der', before: days(30), limit: 2 })).removed, 2);
      const again = await reopen();
      assert.equal(await removedOf(again, 'der', days(30)), 2);
      assert.deepEqual(
        (await again.listCertificates({})).map(({ der }) => der.length),
        [0, 0, 0, 0],
      );
    },
  );

  check('certificates that end at one moment, and at others, are all done', async ({ store }) => {
    for (const [n, end] of [12, 10, 11, 10, 10, 12, 10, 11, 10].entries()) await recorded(store, ending(n + 1, end));
    const pages = await removeAll(store, { kind: 'der', before: days(15), limit: 2 });
    assert.equal(sum(pages), 9);
    assert.ok((await store.listCertificates({})).every(({ der }) => der.length === 0));
  });

  check('requests that come meanwhile are recorded', async ({ store }) => {
    for (let n = 1; n <= 40; n++) await recorded(store, ending(n, 10));
    const [removed] = await Promise.all([
      removeAll(store, { kind: 'transactions', before: days(15), limit: 2 }).then(sum),
      ...Array.from({ length: 20 }, (_, n) => recorded(store, ending(100 + n, 400))),
    ]);
    assert.equal(removed, 40);
    assert.equal(await store.countCertificates({}), 60);
    assert.ok(await store.findTransaction(issuanceFor(119).transaction.key));
  });
}
