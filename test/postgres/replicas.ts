/** Two servers on one database, each with connections of its own: what they do at the same moment happens once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Issuance, Store } from '../../src/core/store.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { auditFor, certificateId, issuanceFor, later, NOON, pendingFor } from '../../src/testing/store-samples.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';

const server = await cluster({ version: 15, settings: { fsync: 'off' } });
const place = server.place(await server.database());
/** Each race is run so often, because most of them do not meet. */
const rounds = Array.from({ length: 40 }, (_, round) => round + 1);

/** The nth issuance with another serial number. */
const withSerial = (n: number, serial: string): Issuance => {
  const issuance = issuanceFor(n);
  return {
    ...issuance,
    certificate: { ...issuance.certificate, serial },
    audit: { ...issuance.audit, serial },
  };
};

/** Both begin at once. The kinds of what they got, in alphabetical order. */
async function kinds(...results: Promise<{ kind: string }>[]): Promise<string[]> {
  return (await Promise.all(results)).map(({ kind }) => kind).sort();
}

for (const isolation of ['read committed', 'serializable'] as const) {
  const both = async (body: (a: Store, b: Store) => Promise<void>): Promise<void> => {
    const open = () =>
      openPostgresStore({ place, password: () => ROLE.password, clock: () => NOON, random: Math.random, isolation });
    const stores = [await open(), await open()] as const;
    await server.empty(place.database);
    try {
      await body(...stores);
    } finally {
      for (const store of stores) await store.close();
    }
  };

  test(`one request that reaches both has one certificate: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        const got = await kinds(a.recordIssued(withSerial(n, `a${n}`)), b.recordIssued(withSerial(n, `b${n}`)));
        assert.deepEqual(got, ['duplicate', 'recorded'], `round ${n}`);
      }
      assert.equal((await a.listCertificates({})).length, rounds.length);
    }));

  test(`a request that waits, issued by both, has one certificate: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        await a.recordPending(pendingFor(n));
        const got = await kinds(a.recordIssued(withSerial(n, `a${n}`)), b.recordIssued(withSerial(n, `b${n}`)));
        assert.deepEqual(got, ['duplicate', 'recorded'], `round ${n}`);
      }
      assert.equal((await a.listCertificates({})).length, rounds.length);
    }));

  test(`one certificate that both fetched from the CA is recorded once: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        const got = await kinds(a.recordIssued(issuanceFor(n)), b.recordIssued(issuanceFor(n)));
        assert.deepEqual(got, ['duplicate', 'recorded'], `round ${n}`);
      }
    }));

  test(`one challenge that both get is used once: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        const consumes = `challenge ${n}`;
        const got = await kinds(
          a.recordIssued(issuanceFor(n, { consumes })),
          b.recordIssued(issuanceFor(1_000 + n, { consumes })),
        );
        assert.deepEqual(got, ['consumed', 'recorded'], `round ${n}`);
      }
    }));

  test(`a certificate that may be renewed once is renewed by one of them: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        await a.recordIssued(issuanceFor(n));
        const renewal = (by: number): Issuance => {
          const issuance = issuanceFor(by);
          const renews = issuanceFor(n).certificate;
          return { ...issuance, certificate: { ...issuance.certificate, renews }, mostRenewals: 1 };
        };
        const got = await kinds(a.recordIssued(renewal(1_000 + n)), b.recordIssued(renewal(2_000 + n)));
        assert.deepEqual(got, ['recorded', 'renewed'], `round ${n}`);
      }
    }));

  test(`a request that one rejects is not replaced by the other: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        await a.recordPending(pendingFor(n));
        const [rejected, issued] = await Promise.all([
          a.decidePending(pendingFor(n).transaction.key, 'rejected', auditFor(n, 'rejected')),
          b.recordIssued(issuanceFor(n)),
        ]);
        assert.equal(issued.kind, rejected ? 'duplicate' : 'recorded', `round ${n}`);
        const found = await a.findTransaction(pendingFor(n).transaction.key);
        assert.equal(found?.state, rejected ? 'rejected' : 'issued', `round ${n}`);
      }
    }));

  test(`a request that one approves stays, although its time is over for the other: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        await a.recordPending(pendingFor(n, { reason: 'unreachable' }));
        await a.forgetRequests({ unreachable: later(1), erased: later(-9), any: later(-9) }, 10);
        const [approved] = await Promise.all([
          a.decidePending(pendingFor(n).transaction.key, 'approved', auditFor(n, 'approved')),
          b.forgetRequests({ unreachable: later(-9), erased: later(1), any: later(-9) }, 10),
        ]);
        const found = await a.findTransaction(pendingFor(n).transaction.key);
        assert.equal(found?.state, approved ? 'approved' : undefined, `round ${n}`);
      }
    }));

  test(`the bound of what a directory revokes holds for both together: ${isolation}`, () =>
    both(async (a, b) => {
      for (const n of rounds) {
        const tenant = `tenant ${n}`;
        await a.changeDirectoryStanding(tenant, { waiting: 0 });
        const ids = (from: number) => Array.from({ length: 5 }, (_, i) => certificateId(from + i));
        const bound = { since: later(-60), at: NOON, most: 5 };
        const taken = await Promise.all([
          a.takeRevocations(tenant, ids(1_000), bound),
          b.takeRevocations(tenant, ids(2_000), bound),
        ]);
        assert.equal(taken.flat().length, 5, `round ${n}`);
      }
    }));

  test(`many writes of both at once, in opposite orders, are all done: ${isolation}`, () =>
    both(async (a, b) => {
      const results = await Promise.all([
        ...rounds.map((n) => a.recordIssued(withSerial(n, `a${n}`))),
        ...rounds.toReversed().map((n) => b.recordIssued(withSerial(n, `b${n}`))),
      ]);
      assert.equal(results.filter(({ kind }) => kind === 'recorded').length, rounds.length);
      assert.equal((await a.listCertificates({})).length, rounds.length);
    }));
}
