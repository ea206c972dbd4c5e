/** The challenge in a request that waits is in the store's file only as long as the request is needed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Pending, Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, csrFor, issuanceFor, later, NOON, pendingFor } from '../../src/testing/store-samples.ts';
import { temporaryFile } from './temporary.ts';

const SOME = Array.from({ length: 40 }, (_, n) => n);

/** Longer than a page of the file, as requests with a challenge of Intune are. */
const LONG_REQUESTS = SOME.map((n) => Buffer.concat([0, 1, 2, 3, 4, 5, 6].map((part) => csrFor(n + part * 100))));

const waitingFor = (n: number): Pending => {
  const { transaction, ...rest } = pendingFor(n, { reason: 'unreachable' });
  return { ...rest, transaction: { ...transaction, csr: LONG_REQUESTS[n]! } };
};

/** Every 16 octets of each request, by their first four. */
const PIECES = Map.groupBy(
  LONG_REQUESTS.flatMap((request, n) =>
    Array.from({ length: request.length / 16 }, (_, at) => ({ n, octets: request.subarray(at * 16, at * 16 + 16) })),
  ),
  ({ octets }) => octets.readUInt32LE(),
);

/** The requests of which a piece is anywhere in the file. */
function requestsIn(file: Buffer): Set<number> {
  const found = new Set<number>();
  for (let at = 0; at + 16 <= file.length; at++)
    for (const { n, octets } of PIECES.get(file.readUInt32LE(at)) ?? [])
      if (octets.equals(file.subarray(at, at + 16))) found.add(n);
  return found;
}

function octetsOf(path: string): Buffer {
  const database = new DatabaseSync(path);
  database.exec('pragma wal_checkpoint(truncate)');
  database.close();
  return Buffer.concat([path, `${path}-wal`].filter(existsSync).map((file) => readFileSync(file)));
}

const keyOf = (n: number): string => issuanceFor(n).transaction.key;

const ENDS: Readonly<Record<string, (store: Store, n: number) => Promise<unknown>>> = {
  issued: (store, n) => store.recordIssued(issuanceFor(n)),
  rejected: (store, n) => store.decidePending(keyOf(n), 'rejected', auditFor(n, 'rejected')),
  forgotten: (store) => store.forgetRequests({ unreachable: later(1), erased: NOON, any: NOON }, 100),
  'to wait for something else, without its octets': (store, n) => {
    const { csr: _csr, ...transaction } = pendingFor(n).transaction;
    return store.recordPending({ transaction, audit: auditFor(n, 'pending') });
  },
};

for (const [what, end] of Object.entries(ENDS))
  test(`a request that is ${what}: no octet of it stays in the file`, async () => {
    const path = temporaryFile();
    const store = await openSqliteStore({ path, clock: () => NOON });
    for (const n of SOME) await store.recordPending(waitingFor(n));
    assert.ok(requestsIn(octetsOf(path)).has(7), 'the search finds what is there');
    for (const n of SOME) await end(store, n);
    assert.deepEqual([...requestsIn(octetsOf(path))], []);
    await store.close();
  });
