/** The contract of a Store that was restored from a backup. */
import assert from 'node:assert/strict';
import type { AuditEntry } from '../core/records.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, ENDPOINT, issuanceFor, ISSUER_ID, later, NOON, pendingFor, pollOf } from './store-samples.ts';

const RESTORED: AuditEntry = {
  at: NOON,
  event: 'restored',
  endpoint: '',
  transactionId: '',
  actor: { kind: 'person', name: 'ops' },
  source: 'cli',
  detail: 'backup of 2026-03-01T00:00:00.000Z',
};

/** Declares them. */
export function restored(check: Check): void {
  check(
    'after a restore no one-time password and no waiting request is valid, and what was issued stays',
    async ({ store }) => {
      const password = (text: string) => ({
        endpoint: ENDPOINT,
        password: text,
        createdAt: NOON,
        expiresAt: later(3_600),
      });
      for (const text of ['USED', 'FREE']) assert.equal(await store.addChallenge(password(text), 5), true);
      const { id } = (await store.findChallenge(ENDPOINT, 'USED'))!;
      await recorded(store, issuanceFor(1, { consumes: id, notification: 'outbox' }));
      for (const n of [2, 3, 4]) await store.recordPending(pendingFor(n));
      await store.decidePending(pendingFor(3).transaction.key, 'approved', auditFor(3, 'approved'));
      await store.decidePending(pendingFor(4).transaction.key, 'rejected', auditFor(4, 'rejected'));
      assert.deepEqual(await store.beginAgain(RESTORED), { challenges: 2, requests: 2 });
      for (const text of ['USED', 'FREE']) assert.equal(await store.findChallenge(ENDPOINT, text), undefined, text);
      assert.deepEqual(await Promise.all([1, 2, 3, 4].map(async (n) => (await store.findPolled(pollOf(n)))?.state)), [
        'issued',
        undefined,
        undefined,
        'rejected',
      ]);
      assert.deepEqual(await store.listPending(), []);
      assert.equal((await store.outboxStanding()).waiting, 1);
      assert.deepEqual((await store.listAudit({ limit: 1 }))[0], RESTORED);
      assert.deepEqual(await store.beginAgain(RESTORED), { challenges: 0, requests: 0 });
      // The password that was used up stays so when the same one is issued once more.
      assert.equal(await store.addChallenge(password('USED'), 5), true);
      assert.equal((await store.findChallenge(ENDPOINT, 'USED'))?.used, true);
    },
  );

  check(
    'after a restore the next revocation list is a new one, with a higher number than the time',
    async ({ store, setClock }) => {
      const wish = { revision: 0, keep: 86_400_000 };
      const before = await store.agreeOnList(ISSUER_ID, wish);
      setClock(later(60));
      assert.equal((await store.agreeOnList(ISSUER_ID, wish)).number, before.number);
      await store.beginAgain(RESTORED);
      const after = await store.agreeOnList(ISSUER_ID, wish);
      assert.deepEqual([after.number, after.madeAt], [later(60).getTime(), later(60)]);
      assert.equal((await store.agreeOnList(ISSUER_ID, wish)).number, after.number);
    },
  );
}
