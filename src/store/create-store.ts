/** The store over any open database: reads go straight to it, writes through the group commit. */
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { addAudit, listAudit } from './audit.ts';
import { groupCommit } from './batch.ts';
import { countRevoked, findCertificate, listCertificates, markRevoked } from './certificates.ts';
import { addChallenge, findChallenge } from './challenges.ts';
import type { Engine } from './engine.ts';
import { recordIssued } from './issuance.ts';
import {
  abandonNotification,
  acceptNotification,
  addNotification,
  dueNotifications,
  postponeNotification,
} from './pending-notifications.ts';
import type { Database } from './tables.ts';
import { decidePending, forgetRequests, listPending, recordPending, withdrawPending } from './pending.ts';
import { findPolled, findTransaction } from './transactions.ts';

/** Assembles the store over a database that `migrate` has prepared. `close()` closes the database. */
export function createStore(engine: Engine, clock: Clock): Store {
  const { db } = engine;
  const { write, end } = groupCommit(engine);
  return {
    findTransaction: (key) => findTransaction(db, key),
    findPolled: (key) => findPolled(db, key),
    findCertificate: (serial) => findCertificate(db, serial),
    listCertificates: (filter) => listCertificates(db, filter),
    countRevoked: () => countRevoked(db),
    listPending: () => listPending(db),
    listAudit: (filter) => listAudit(db, filter),
    findChallenge: (endpoint, password) => findChallenge(db, endpoint, password),
    dueNotifications: (mode, now, limit) => dueNotifications(db, mode, now, limit),

    recordIssued: (issuance) => write((tx) => recordIssued(tx, issuance)),
    recordPending: (pending) => write((tx) => recordPending(tx, pending)),
    withdrawPending: (key) => write((tx) => withdrawPending(tx, key)),
    forgetRequests: (unreachableBefore, anyBefore) => write((tx) => forgetRequests(tx, unreachableBefore, anyBefore)),
    decidePending: (key, decision, audit) => write((tx) => decidePending(tx, key, decision, audit)),
    acknowledgeNotification: (id, serial, audit) => write((tx) => acceptNotification(tx, id, serial, audit)),
    postponeNotification: (id, dueAt) => write((tx) => postponeNotification(tx, id, dueAt)),
    abandonNotification: (id, serial, audit) => write((tx) => abandonNotification(tx, id, serial, audit)),
    recordNotification: (notification) =>
      write((tx) => addNotification(tx, { notification, mode: 'outbox', dueAt: clock() })),
    addChallenge: (challenge, most) => write((tx) => addChallenge(tx, challenge, most)),
    revoke: (serial, reason, audit) =>
      write(async (tx) => {
        const revoked = await markRevoked(tx, { serial, from: ['issued', 'delivered'], at: audit.at, reason });
        if (revoked) await addAudit(tx, audit);
        return revoked;
      }),

    check: () => write((tx) => proveWritable(tx, clock())),
    async close() {
      await end();
      await engine.close();
    },
  };
}

async function proveWritable(tx: Database, at: Date): Promise<void> {
  await tx
    .insertInto('write_check')
    .values({ id: 1, at: at.getTime() })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ at: at.getTime() }))
    .execute();
}
