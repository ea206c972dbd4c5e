/** The contract of a Store for the records of one person. */
import assert from 'node:assert/strict';
import type { AuditEntry } from '../core/records.ts';
import type { Issuance, Store } from '../core/store.ts';
import { type Check, recorded } from './opened-store.ts';
import { auditFor, chained, ENDPOINT, issuanceFor, later, NOON, pendingFor } from './store-samples.ts';

const DAY = 86_400;
const NAME = 'user1@example.com';
/** After the first certificate has ended. */
const AFTER = later(3 * DAY);

const ERASED: AuditEntry = {
  at: AFTER,
  event: 'erased',
  endpoint: '',
  transactionId: '',
  actor: { kind: 'person', name: 'ops' },
  source: 'cli',
};

const ending = (n: number, end: Date, issuance = issuanceFor(n)): Issuance => ({
  ...issuance,
  certificate: { ...issuance.certificate, notAfter: end },
});

/** Two certificates of the person, of which one has ended; one of another; entries that name the person, and another. */
async function filled(store: Store): Promise<void> {
  const first = ending(1, later(2 * DAY));
  await recorded(store, { ...first, audit: { ...first.audit, actor: { kind: 'device', address: '192.0.2.1' } } });
  await store.revoke(first.certificate, 'superseded', { ...auditFor(1, 'revoked', later(30)), detail: 'left' });
  await recorded(store, { ...issuanceFor(2), names: issuanceFor(1).names });
  await recorded(store, ending(3, later(2 * DAY)));
  for (const name of [NAME, `x${NAME}`] as const)
    await store.addBlock(
      { name: `user:${name}`, at: NOON, by: NAME },
      { ...ERASED, at: NOON, event: 'blocked', actor: { kind: 'person', name: NAME }, detail: `user:${name}` },
    );
}

const entriesOf = async (store: Store) =>
  (await store.listLinks({ after: 0, limit: 100 })).map(({ salt, personal, entry }) => ({
    entry: [entry?.event, entry?.actor.name, entry?.actor.address, entry?.detail],
    hashes: [salt === undefined, personal === undefined],
  }));

/** Declares them. */
export function persons(check: Check): void {
  finding(check);
  erasing(check);
}

function finding(check: Check): void {
  check(
    'a person is found by a name in certificates, in any letter case, with all that names the person',
    async ({ store }) => {
      await filled(store);
      await store.recordPending({
        ...pendingFor(5),
        transaction: { ...pendingFor(5).transaction, subject: `CN=five,E=${NAME}` },
      });
      await store.addChallenge(
        {
          endpoint: ENDPOINT,
          password: 'SECRET',
          createdAt: NOON,
          expiresAt: later(60),
          binding: { subject: 'CN=five', san: [`upn:${NAME}`] },
        },
        5,
      );
      const found = await store.findPerson('USER1@example.COM');
      assert.deepEqual(
        found.certificates.map(({ subject }) => subject),
        ['CN=device-1', 'CN=device-2'],
      );
      assert.deepEqual(
        found.requests.map(({ subject, state }) => [subject, state]),
        [
          ['CN=device-1', 'issued'],
          ['CN=device-2', 'issued'],
          [`CN=five,E=${NAME}`, 'pending'],
        ],
      );
      assert.deepEqual(
        found.entries.map(({ event, detail }) => [event, detail]),
        [
          ['issued', undefined],
          ['revoked', 'left'],
          ['issued', undefined],
          ['blocked', `user:${NAME}`],
          // By this person.
          ['blocked', `user:x${NAME}`],
          ['pending', undefined],
        ],
      );
      assert.deepEqual(
        found.blocks.map(({ name }) => name),
        [`user:${NAME}`],
      );
      assert.deepEqual(
        found.passwords.map(({ binding }) => binding.san),
        [[`upn:${NAME}`]],
      );
      assert.ok(!JSON.stringify(found).includes('SECRET'));
      const nobody = await store.findPerson('example.com');
      assert.deepEqual(Object.values(nobody).flat(), []);
    },
  );
}

function erasing(check: Check): void {
  const erasure = (erased: [number, number, number], kept: [number, number, number]) => {
    const counts = ([certificates, requests, entries]: [number, number, number]) => ({
      certificates,
      requests,
      entries,
      attempts: 0,
      keys: 0,
    });
    return { erased: counts(erased), kept: counts(kept) };
  };

  check('what names a person is erased where the certificate has ended, and the rest stays', async ({ store }) => {
    await filled(store);
    await chained(store);
    const before = await store.listLinks({ after: 0, limit: 100 });
    const expected = erasure([1, 1, 3], [1, 1, 2]);
    assert.deepEqual(await store.previewErasure(NAME, AFTER), expected);
    assert.deepEqual(await store.listLinks({ after: 0, limit: 100 }), before);
    assert.deepEqual(await store.erasePerson(NAME, ERASED), expected);
    await chained(store);

    const { certificate, transaction } = ending(1, later(2 * DAY));
    const { deliveredAt: _, ...rest } = certificate;
    const found = await store.findCertificate(certificate);
    assert.deepEqual(found, {
      ...rest,
      subject: '',
      der: new Uint8Array(0),
      state: 'revoked',
      deliveredAt: NOON,
      revokedAt: later(30),
      revocationReason: 'superseded',
    });
    assert.equal(await store.findTransaction(transaction.key), undefined);
    for (const n of [2, 3]) {
      assert.equal((await store.findCertificate(issuanceFor(n).certificate))?.subject, `CN=device-${n}`);
      assert.equal((await store.findTransaction(issuanceFor(n).transaction.key))?.subject, `CN=device-${n}`);
    }
    assert.deepEqual(await entriesOf(store), [
      { entry: ['issued', undefined, undefined, undefined], hashes: [true, false] },
      { entry: ['revoked', undefined, undefined, undefined], hashes: [true, false] },
      { entry: ['issued', undefined, undefined, undefined], hashes: [false, true] },
      { entry: ['issued', undefined, undefined, undefined], hashes: [false, true] },
      { entry: ['blocked', undefined, undefined, undefined], hashes: [true, false] },
      { entry: ['blocked', NAME, undefined, `user:x${NAME}`], hashes: [false, true] },
      {
        entry: ['erased', 'ops', undefined, 'entries: 1-2, 5; certificates: 1; requests: 1'],
        hashes: [false, true],
      },
    ]);
    const after = await store.listLinks({ after: 0, limit: 6 });
    assert.deepEqual(
      after.map(({ hash }) => hash),
      before.map(({ hash }) => hash),
    );
    assert.deepEqual(await store.erasePerson(NAME, ERASED), erasure([0, 0, 0], [1, 1, 2]));
    assert.deepEqual(await store.unchained(10), { waiting: 0, strays: [], gone: [] });
  });

  check('a certificate whose history has no link yet, or whose notification waits, stays', async ({ store }) => {
    await recorded(store, ending(1, later(2 * DAY), issuanceFor(1, { notification: 'outbox' })));
    assert.deepEqual(await store.erasePerson(NAME, ERASED), erasure([0, 0, 0], [1, 1, 1]));
    await chained(store);
    assert.deepEqual(await store.erasePerson(NAME, ERASED), erasure([0, 0, 0], [1, 1, 1]));
    const [claim] = await store.claimNotifications({ owner: 'test', leaseMs: 1_000, mode: 'outbox', limit: 1 });
    await store.acknowledgeNotification(claim!, auditFor(1, 'notified'));
    assert.deepEqual(await store.erasePerson(NAME, ERASED), erasure([0, 0, 0], [1, 1, 2]));
    await chained(store);
    assert.deepEqual(await store.erasePerson(NAME, ERASED), erasure([1, 1, 2], [0, 0, 0]));
  });

  check('a request that waits stays with its history, and one that was rejected goes', async ({ store }) => {
    for (const n of [1, 2]) {
      const { transaction, audit } = pendingFor(n);
      await store.recordPending({ transaction: { ...transaction, subject: `CN=${NAME}` }, audit });
    }
    await store.decidePending(pendingFor(2).transaction.key, 'rejected', {
      ...auditFor(2, 'rejected'),
      detail: 'unknown',
    });
    await chained(store);
    assert.deepEqual(await store.erasePerson(NAME, ERASED), erasure([0, 1, 2], [0, 1, 1]));
    assert.equal((await store.findTransaction(pendingFor(1).transaction.key))?.subject, `CN=${NAME}`);
    assert.equal(await store.findTransaction(pendingFor(2).transaction.key), undefined);
  });

  check('octets of earlier certificates are still removed after their time', async ({ store }) => {
    await recorded(store, ending(2, later(DAY)));
    await recorded(store, ending(1, later(2 * DAY)));
    await chained(store);
    await store.erasePerson(NAME, ERASED);
    const before = later(1.5 * DAY);
    await store.removeOld({ kind: 'transactions', before, limit: 10 });
    assert.equal((await store.removeOld({ kind: 'der', before, limit: 10 })).removed, 1);
  });
}
