/**
 * Microseconds that the store takes per enrolment, in an almost empty and in a large database: `node test/bench/store.ts`.
 * Three numbers per line: elapsed, then processor time of this process, both per call.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkClaim } from '../../src/core/records.ts';
import type { Issuance, Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';

const CALLS = 4_000;
const SIZES = [100, 100_000];
const AT_ONCE = [1, 4, 16];

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

async function measure<T, R>(items: T[], atOnce: number, call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < items.length; at += atOnce)
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(call))));
  const elapsed = ((performance.now() - start) * 1_000) / items.length;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    call.name.padEnd(20),
    elapsed.toFixed(1).padStart(7),
    ((user + system) / items.length).toFixed(1).padStart(7),
  );
  return results;
}

async function enrolments(store: Store, issuances: Issuance[], atOnce: number): Promise<void> {
  const findUnknown = ({ transaction }: Issuance) => store.findRequest(transaction.request, transaction.key);
  const recordIssued = (issuance: Issuance) => store.recordIssued(issuance);
  const findRepeat = ({ transaction }: Issuance) => store.findRequest(transaction.request, transaction.key);
  const acknowledge = ({ claim, issuance }: { claim: WorkClaim; issuance: Issuance }) =>
    store.acknowledgeNotification(claim, { ...issuance.audit, event: 'delivered' });

  await measure(issuances, atOnce, findUnknown);
  const results = await measure(issuances, atOnce, recordIssued);
  await measure(issuances, atOnce, findRepeat);
  const owed = results.flatMap((result, index) => {
    const issuance = issuances[index];
    return result.kind === 'recorded' && result.notification && issuance
      ? [{ claim: result.notification, issuance }]
      : [];
  });
  await measure(owed, atOnce, acknowledge);
}

async function fill(store: Store, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 64)
    await Promise.all(range(at, Math.min(at + 64, to)).map((n) => store.recordIssued(issuanceFor(n))));
}

const directory = mkdtempSync(join(tmpdir(), 'openndes-bench-'));
const store = await openSqliteStore({ path: join(directory, 'store.db'), clock: () => new Date() });
let rows = 0;
for (const size of SIZES) {
  await fill(store, rows, size);
  rows = size;
  for (const atOnce of AT_ONCE) {
    const issuances = range(rows, rows + CALLS).map((n) => issuanceFor(n, { notification: 'strict' }));
    console.log(`${rows} rows, ${atOnce} at once`.padEnd(20), 'elapsed     CPU');
    await enrolments(store, issuances, atOnce);
    rows += CALLS;
  }
}
await store.close();
rmSync(directory, { recursive: true });
