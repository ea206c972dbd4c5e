/** The contract of a Store for requests that wait: how they begin, change and end, and that no secret outlives them. */
import assert from 'node:assert/strict';
import type { PendingIssuance } from '../core/records.ts';
import type { Pending } from '../core/store.ts';
import type { Check } from './opened-store.ts';
import {
  auditFor,
  certificateId,
  csrFor,
  issuanceFor,
  later,
  listed,
  NOON,
  pendingFor,
  waitingFor,
} from './store-samples.ts';

const keyOf = (n: number): string => issuanceFor(n).transaction.key;

const ISSUANCE: PendingIssuance = {
  reference: 'order 7',
  retryAt: later(300),
  notify: 'strict',
  vouchesForNames: true,
  facts: { code: 'Success' },
  consumes: 'one-time',
};

/** The nth request, which the CA has taken and not decided. */
const waitingForCa = (n: number): Pending => {
  const { transaction, ...rest } = pendingFor(n, { reason: 'issuer' });
  return { ...rest, transaction: { ...transaction, issuance: ISSUANCE } };
};

const byName = (counts: { endpoint: string; number: number }[]) =>
  counts.toSorted((one, other) => one.endpoint.localeCompare(other.endpoint));

/** Declares these tests. */
export function pending(check: Check): void {
  waiting(check);
  deciding(check);
  challenges(check);
  erasing(check);
}

function waiting(check: Check): void {
  check('a request that waits is written once, and the second finds the first', async ({ store }) => {
    assert.deepEqual(await store.recordPending(pendingFor(1)), { kind: 'recorded' });
    assert.deepEqual(await store.findTransaction(keyOf(1)), waitingFor(1));
    assert.deepEqual(await store.recordPending(pendingFor(1, { at: later(9) })), {
      kind: 'duplicate',
      existing: waitingFor(1),
    });
    assert.deepEqual(await store.findTransaction(keyOf(1)), waitingFor(1));
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('of 20 that begin to wait in parallel one is recorded', async ({ store }) => {
    const results = await Promise.all(Array.from({ length: 20 }, () => store.recordPending(pendingFor(1))));
    assert.deepEqual(results.filter(({ kind }) => kind === 'recorded').length, 1);
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('what waits for something else now keeps the date of its first sight', async ({ store }) => {
    await store.recordPending(pendingFor(1, { reason: 'unreachable' }));
    assert.equal((await store.recordPending(pendingFor(1, { at: later(9) }))).kind, 'recorded');
    assert.deepEqual(await store.listPending(), [listed({ ...waitingFor(1, 'approval'), updatedAt: later(9) })]);
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('what waits is counted by endpoint', async ({ store }) => {
    assert.deepEqual(await store.countPending(), []);
    await store.recordPending(pendingFor(1));
    await store.recordPending(pendingFor(2));
    const other = pendingFor(3);
    await store.recordPending({ ...other, transaction: { ...other.transaction, endpoint: '/other' } });
    await store.recordIssued(issuanceFor(4));
    const { endpoint } = pendingFor(1).transaction;
    const expected = [
      { endpoint: '/other', number: 1 },
      { endpoint, number: 2 },
    ];
    assert.deepEqual(byName(await store.countPending()), byName(expected));
    await store.decidePending(other.transaction.key, 'rejected', auditFor(3, 'rejected'));
    assert.equal((await store.countPending()).length, 1);
  });

  check('a request without reason or octets waits all the same', async ({ store }) => {
    const { transaction } = issuanceFor(1);
    await store.recordPending({ transaction, audit: auditFor(1, 'pending') });
    assert.deepEqual(await store.listPending(), [
      { ...transaction, state: 'pending', createdAt: NOON, updatedAt: NOON },
    ]);
  });

  check('an issued request does not wait again, also when its certificate is revoked', async ({ store }) => {
    await store.recordIssued(issuanceFor(1));
    const result = await store.recordPending(pendingFor(1));
    assert.deepEqual(result.kind === 'duplicate' && result.existing.certificate, issuanceFor(1).certificate);
    assert.deepEqual(await store.listPending(), []);
    await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked', later(5)));
    assert.equal((await store.recordPending(pendingFor(1, { at: later(9) }))).kind, 'duplicate');
    assert.deepEqual(await store.listPending(), []);
  });

  check('a request whose certificate was never delivered waits again', async ({ store }) => {
    await store.recordIssued(issuanceFor(1, { notification: 'strict' }));
    const [claim] = await store.claimNotifications({ owner: 'test', leaseMs: 1_000, mode: 'strict', limit: 1 });
    await store.abandonNotification(claim!, auditFor(1, 'never-delivered', later(5)));
    assert.deepEqual(await store.recordPending(pendingFor(1, { at: later(9) })), { kind: 'recorded' });
    assert.deepEqual(await store.listPending(), [listed({ ...waitingFor(1), updatedAt: later(9) })]);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'revoked');
  });

  check('a request whose certificate is superseded waits, and no other does', async ({ store }) => {
    await store.recordIssued(issuanceFor(1));
    const { serial } = issuanceFor(1).certificate;
    assert.equal((await store.recordPending({ ...pendingFor(1), supersedes: 'unknown' })).kind, 'duplicate');
    assert.equal((await store.recordPending({ ...pendingFor(1), supersedes: serial })).kind, 'recorded');
    assert.deepEqual(await store.listPending(), [listed(waitingFor(1))]);
    assert.equal((await store.findCertificate(certificateId(1)))?.state, 'delivered');
    await store.recordIssued({ ...issuanceFor(1), certificate: { ...issuanceFor(1).certificate, serial: 'bb' } });
    assert.equal((await store.findTransaction(keyOf(1)))?.certificate?.serial, 'bb');
  });
}

function deciding(check: Check): void {
  check('what waits is listed oldest first until it is decided', async ({ store }) => {
    for (const n of [1, 2, 3]) await store.recordPending(pendingFor(n));
    assert.equal(await store.decidePending(keyOf(2), 'rejected', auditFor(2, 'rejected', later(9))), true);
    assert.deepEqual(
      (await store.listPending()).map(({ key }) => key),
      [1, 3].map(keyOf),
    );
    const rejected = await store.findTransaction(keyOf(2));
    assert.deepEqual([rejected?.state, rejected?.createdAt, rejected?.updatedAt], ['rejected', NOON, later(9)]);
  });

  check('the certificate that signed a request is kept until it is decided, and is in no list', async ({ store }) => {
    const { der: signedBy } = issuanceFor(9).certificate;
    for (const n of [1, 2]) {
      const { transaction, ...rest } = pendingFor(n);
      await store.recordPending({ ...rest, transaction: { ...transaction, signedBy } });
    }
    assert.deepEqual((await store.findTransaction(keyOf(1)))?.signedBy, signedBy);
    assert.deepEqual((await store.listPending())[0], listed(waitingFor(1)));
    await store.recordIssued(issuanceFor(1));
    await store.decidePending(keyOf(2), 'rejected', auditFor(2, 'rejected'));
    for (const n of [1, 2]) assert.equal((await store.findTransaction(keyOf(n)))?.signedBy, undefined);
  });

  check('a decision counts once, and only on what waits', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.recordIssued(issuanceFor(2));
    assert.equal(await store.decidePending(keyOf(1), 'approved', auditFor(1, 'approved')), true);
    assert.equal(await store.decidePending(keyOf(1), 'rejected', auditFor(1, 'rejected')), false);
    assert.equal(await store.decidePending(keyOf(2), 'rejected', auditFor(2, 'rejected')), false);
    assert.equal(await store.decidePending('unknown', 'approved', auditFor(3, 'approved')), false);
    assert.equal((await store.findTransaction(keyOf(1)))?.state, 'approved');
    assert.deepEqual(
      (await store.listAudit({})).map(({ event }) => event),
      ['approved', 'issued', 'pending'],
    );
  });

  for (const decision of ['approved', 'rejected'] as const)
    check(`what is ${decision} does not wait again, whatever for`, async ({ store }) => {
      await store.recordPending(pendingFor(1));
      await store.decidePending(keyOf(1), decision, auditFor(1, decision));
      const result = await store.recordPending({ ...pendingFor(1, { reason: 'unreachable' }), consumes: 'unspent' });
      assert.equal(result.kind === 'duplicate' && result.existing.state, decision);
      assert.equal((await store.findTransaction(keyOf(1)))?.state, decision);
      assert.equal((await store.recordIssued(issuanceFor(2, { consumes: 'unspent' }))).kind, 'recorded');
    });
}

function challenges(check: Check): void {
  check('a challenge is used up by waiting, and serves neither a wait nor an issuance after it', async ({ store }) => {
    const consumes = 'one-time';
    assert.deepEqual(await store.recordPending({ ...pendingFor(1), consumes }), { kind: 'recorded' });
    assert.deepEqual(await store.recordPending({ ...pendingFor(2), consumes }), { kind: 'consumed' });
    assert.deepEqual(await store.recordIssued(issuanceFor(3, { consumes })), { kind: 'consumed' });
    assert.equal((await store.recordPending({ ...pendingFor(1), consumes })).kind, 'duplicate');
    assert.equal(await store.findTransaction(keyOf(2)), undefined);
    assert.equal(await store.findTransaction(keyOf(3)), undefined);
    assert.equal((await store.listAudit({})).length, 1);
  });

  check('a challenge that an issuance used up cannot be used to wait', async ({ store }) => {
    await store.recordIssued(issuanceFor(1, { consumes: 'one-time' }));
    assert.deepEqual(await store.recordPending({ ...pendingFor(2), consumes: 'one-time' }), { kind: 'consumed' });
    assert.deepEqual(await store.listPending(), []);
  });

  check('of 20 that wait for one challenge in parallel one gets it', async ({ store }) => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.recordPending({ ...pendingFor(n), consumes: 'one-time' })),
    );
    assert.equal(results.filter(({ kind }) => kind === 'recorded').length, 1);
    assert.equal(results.filter(({ kind }) => kind === 'consumed').length, 19);
    assert.equal((await store.listPending()).length, 1);
  });
}

function erasing(check: Check): void {
  check('the octets of a request are kept while it waits and when it is approved', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    assert.deepEqual((await store.findTransaction(keyOf(1)))?.csr, csrFor(1));
    await store.decidePending(keyOf(1), 'approved', auditFor(1, 'approved'));
    const found = await store.findTransaction(keyOf(1));
    assert.deepEqual([found?.state, found?.csr, found?.reason], ['approved', csrFor(1), 'approval']);
  });

  check('they are erased when it is rejected', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.decidePending(keyOf(1), 'rejected', auditFor(1, 'rejected'));
    assert.equal((await store.findTransaction(keyOf(1)))?.csr, undefined);
  });

  check('they are erased when it is issued', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.recordIssued(issuanceFor(1));
    assert.equal((await store.findTransaction(keyOf(1)))?.csr, undefined);
  });

  check(
    'requests whose policy stays unreachable are erased after the time limit, and not before',
    async ({ store }) => {
      await store.recordPending(pendingFor(1, { reason: 'unreachable' }));
      await store.recordPending(pendingFor(2, { reason: 'unreachable', at: later(60) }));
      await store.recordPending(pendingFor(3));
      await store.recordPending(pendingFor(4, { reason: 'undecided' }));
      await store.forgetRequests({ unreachable: NOON, erased: NOON, any: NOON }, 10);
      for (const n of [1, 2, 3, 4]) assert.deepEqual((await store.findTransaction(keyOf(n)))?.csr, csrFor(n));
      await store.forgetRequests({ unreachable: later(1), erased: NOON, any: NOON }, 10);
      const { csr: _forgotten, ...first } = waitingFor(1, 'unreachable');
      assert.deepEqual(await store.findTransaction(keyOf(1)), first);
      for (const n of [2, 3, 4]) assert.deepEqual((await store.findTransaction(keyOf(n)))?.csr, csrFor(n));
    },
  );

  check('erased requests are removed when they are old; those that were not erased stay', async ({ store }) => {
    await store.recordPending(pendingFor(1, { reason: 'unreachable' }));
    await store.forgetRequests({ unreachable: later(1), erased: NOON, any: NOON }, 10);
    await store.recordPending(pendingFor(2, { reason: 'unreachable' }));
    await store.recordPending(pendingFor(3, { reason: 'undecided' }));
    assert.equal(await store.forgetRequests({ unreachable: NOON, erased: later(1), any: NOON }, 10), 1);
    assert.equal(await store.findTransaction(keyOf(1)), undefined);
    for (const n of [2, 3]) assert.ok(await store.findTransaction(keyOf(n)));
  });

  check('requests are erased and removed so many at a time, until none is left', async ({ store }) => {
    for (const n of [1, 2, 3, 4, 5]) await store.recordPending(pendingFor(n, { reason: 'unreachable' }));
    for (const n of [6, 7]) await store.recordPending(pendingFor(n));
    await store.decidePending(keyOf(7), 'approved', auditFor(7, 'approved'));
    const before = { unreachable: later(1), erased: NOON, any: NOON };
    for (const done of [3, 2, 0]) assert.equal(await store.forgetRequests(before, 3), done);
    const all = { unreachable: later(1), erased: later(1), any: later(1) };
    for (const done of [4, 3, 0]) assert.equal(await store.forgetRequests(all, 4), done);
    assert.deepEqual(await store.listPending(), []);
  });

  check('beyond so many that wait at an endpoint for one reason, no further one is written', async ({ store }) => {
    const unreachable = (n: number, endpoint?: string): Pending => {
      const { transaction, ...rest } = pendingFor(n, { reason: 'unreachable' });
      return { ...rest, most: 2, transaction: { ...transaction, ...(endpoint !== undefined && { endpoint }) } };
    };
    const kinds = [];
    for (const n of [1, 2, 3, 2]) kinds.push((await store.recordPending(unreachable(n))).kind);
    assert.deepEqual(kinds, ['recorded', 'recorded', 'full', 'duplicate']);
    assert.equal(await store.findTransaction(keyOf(3)), undefined);
    assert.equal((await store.recordPending({ ...pendingFor(4), most: 2 })).kind, 'recorded');
    assert.equal((await store.recordPending(unreachable(5, '/scep/other'))).kind, 'recorded');
    await store.forgetRequests({ unreachable: later(1), erased: NOON, any: NOON }, 1);
    assert.equal((await store.recordPending(unreachable(3))).kind, 'recorded', 'an erased one does not count');
  });

  check('a request that waits because the policy is unreachable adds nothing to the history', async ({ store }) => {
    await store.recordPending(pendingFor(1, { reason: 'unreachable' }));
    assert.deepEqual(await store.listAudit({}), []);
  });

  check('a request that waited too long is removed, approved or not', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.decidePending(keyOf(1), 'approved', auditFor(1, 'approved'));
    await store.recordPending(pendingFor(2, { reason: 'undecided' }));
    await store.recordPending(pendingFor(3, { at: later(60) }));
    await store.recordIssued(issuanceFor(4));
    await store.forgetRequests({ unreachable: NOON, erased: NOON, any: later(1) }, 10);
    for (const n of [1, 2]) assert.equal(await store.findTransaction(keyOf(n)), undefined);
    for (const n of [3, 4]) assert.ok(await store.findTransaction(keyOf(n)));
  });

  check(
    'what the policy allowed is kept while the CA decides, and erased when the request is issued',
    async (opened) => {
      const { store } = opened;
      assert.deepEqual(await store.recordPending(waitingForCa(1)), { kind: 'recorded' });
      const found = await store.findTransaction(keyOf(1));
      assert.deepEqual(found, { ...waitingFor(1, 'issuer'), issuance: ISSUANCE });
      assert.deepEqual(await store.listPending(), [listed({ ...waitingFor(1, 'issuer'), issuance: ISSUANCE })]);
      await store.recordIssued(issuanceFor(1));
      const issued = await store.findTransaction(keyOf(1));
      assert.deepEqual([issued?.state, issued?.issuance, issued?.csr], ['issued', undefined, undefined]);
    },
  );

  check('a request that the CA decides survives a restart', async (opened, context) => {
    if (!opened.reopen) return context.skip('this store keeps nothing');
    await opened.store.recordPending(waitingForCa(1));
    opened.store = await opened.reopen();
    assert.deepEqual((await opened.store.findTransaction(keyOf(1)))?.issuance, ISSUANCE);
  });

  check(
    'a CA that has still not decided is asked later, and nothing else about the request changes',
    async (opened) => {
      const { store, setClock } = opened;
      await store.recordPending(waitingForCa(1));
      await store.recordPending(pendingFor(2));
      setClock(later(300));
      const postponed = { ...ISSUANCE, reference: 'order 8', retryAt: later(600) };
      assert.equal(await store.postponeIssuance(keyOf(1), postponed), true);
      assert.deepEqual(await store.listPending(), [
        listed({ ...waitingFor(1, 'issuer'), issuance: postponed, updatedAt: later(300) }),
        listed(waitingFor(2)),
      ]);
      assert.equal((await store.listAudit({})).length, 2);
    },
  );

  check('a second order for a request that the CA decides is not recorded', async ({ store }) => {
    await store.recordPending(waitingForCa(1));
    const { transaction, ...rest } = waitingForCa(1);
    const second = { ...rest, transaction: { ...transaction, issuance: { ...ISSUANCE, reference: 'order 8' } } };
    const result = await store.recordPending(second);
    assert.deepEqual(result.kind === 'duplicate' && result.existing.issuance, ISSUANCE);
    assert.deepEqual((await store.findTransaction(keyOf(1)))?.issuance, ISSUANCE);
  });

  check('only what waits for the CA can be postponed by it', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.recordPending(waitingForCa(2));
    await store.decidePending(keyOf(2), 'rejected', auditFor(2, 'rejected'));
    await store.recordIssued(issuanceFor(3));
    for (const n of [1, 2, 3, 4]) assert.equal(await store.postponeIssuance(keyOf(n), ISSUANCE), false);
    for (const n of [1, 2, 3]) assert.equal((await store.findTransaction(keyOf(n)))?.issuance, undefined);
  });

  check('what an administrator approved can wait for the CA', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.decidePending(keyOf(1), 'approved', auditFor(1, 'approved'));
    assert.deepEqual(await store.recordPending(waitingForCa(1)), { kind: 'recorded' });
    assert.deepEqual((await store.findTransaction(keyOf(1)))?.issuance, ISSUANCE);
  });

  check('what the policy allowed is erased with a rejection', async ({ store }) => {
    await store.recordPending(waitingForCa(1));
    await store.decidePending(keyOf(1), 'rejected', auditFor(1, 'rejected'));
    assert.equal((await store.findTransaction(keyOf(1)))?.issuance, undefined);
  });

  check('a request of which the CA takes only the reference needs nothing else', async ({ store }) => {
    const issuance = { reference: 'R', retryAt: later(60), notify: 'none' } as const;
    const waiting = waitingForCa(1);
    await store.recordPending({ ...waiting, transaction: { ...waiting.transaction, issuance } });
    assert.deepEqual((await store.findTransaction(keyOf(1)))?.issuance, issuance);
  });

  check('a withdrawn request leaves nothing, and one that does not wait stays', async ({ store }) => {
    await store.recordPending(pendingFor(1));
    await store.withdrawPending(keyOf(1));
    assert.equal(await store.findTransaction(keyOf(1)), undefined);
    await store.recordIssued(issuanceFor(2));
    await store.withdrawPending(keyOf(2));
    assert.ok(await store.findTransaction(keyOf(2)));
  });
}
