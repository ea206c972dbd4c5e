/**
 * Revocation where there are many certificates, on SQLite: `npm run bench -- revoked [ROWS]`, a million when absent. A list with one
 * of twenty revoked, then all are revoked beside 50 enrolments a second, then a list with all of them.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { createRoot } from '../../src/ca/create.ts';
import type { Store } from '../../src/core/store.ts';
import { revocationList } from '../../src/embed/revocation-list-of.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { generateKey } from '../../src/keys/software.ts';
import { revokeAllOf } from '../../src/manage/revoke-many.ts';
import { issuerIdentity } from '../../src/pkix/issuer-id.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { percentile } from './measure.ts';
import { issuanceNumber } from './rows.ts';

const DAY = 86_400_000;
const PER_SECOND = 50;
/** Milliseconds for which enrolments are timed. */
const TIMED = 8_000;

/** The child process, as the command is one. */
async function revokeAll(file: string, issuerId: string): Promise<void> {
  const store = await openSqliteStore({ path: file, clock: systemClock });
  const management = { store, clock: systemClock, actor: { kind: 'person', name: 'bench' }, source: 'cli' } as const;
  let begun = performance.now();
  const step = async (): Promise<void> => {
    await pause(performance.now() - begun);
    begun = performance.now();
  };
  const revoked = await revokeAllOf(management, issuerId, { reason: 'cACompromise', step });
  process.send?.(revoked);
  await store.close();
  process.disconnect();
}

/** Rows of certificates alone, quicker than a store records them, of which one in twenty is revoked. */
function fill(file: string, rows: number): void {
  const database = new DatabaseSync(file);
  const [now, end] = [Date.now() - DAY, Date.now() + 365 * DAY];
  database.exec(`begin;
    insert into certificates (issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint,
        thumbprint_sha256, public_key_hash, first_issued_at, crl_shard, der, not_before, not_after, state, issued_at,
        delivered_at, revoked_at, revocation_reason)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
      select 1, lower(hex(randomblob(16))), '/scep', hex(i), 'CN=stored-' || i, 'cn=stored-' || i, hex(i), hex(i), hex(i),
        ${now}, 0, randomblob(1100), ${now}, ${end}, iif(i % 20 = 0, 'revoked', 'delivered'), ${now}, ${now},
        iif(i % 20 = 0, ${now} + i * 10, null), iif(i % 20 = 0, 'superseded', null) from n;
    insert into revocations (certificate_id, issuer, serial, revoked_at, reason, not_after, crl_shard)
      select id, issuer, serial, revoked_at, revocation_reason, not_after, 0 from certificates where state = 'revoked';
    insert into revocation_revisions (issuer, crl_shard, revision) values (1, 0, 1);
    commit; pragma wal_checkpoint(truncate);`);
  database.close();
}

/** Milliseconds of each enrolment's record, at a steady rate, until `until` is settled. */
async function recorded(store: Store, first: number, until: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  let isOver = false;
  void until.then(() => (isOver = true));
  const one = async (n: number): Promise<void> => {
    const begun = performance.now();
    const { kind } = await store.recordIssued(issuanceNumber(n));
    if (kind !== 'recorded') throw new Error(`was not recorded: ${kind}`);
    times.push(performance.now() - begun);
  };
  for (const begun = performance.now(); !isOver; ) {
    const due = Math.floor(((performance.now() - begun) * PER_SECOND) / 1000);
    while (running.length < due) running.push(one(first + running.length));
    await pause(5);
  }
  await Promise.all(running);
  return times;
}

const p95 = (times: readonly number[]): string => `${percentile(times, 0.95).toFixed(1)} ms`;

async function measure(rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-bench-revoked-'));
  try {
    await measureIn(join(folder, 'store.db'), rows);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureIn(file: string, rows: number): Promise<void> {
  const key = generateKey('rsa-2048');
  const plan = {
    subject: 'CN=Bench CA',
    key,
    validity: 3650 * DAY,
    backdate: 0,
    clock: systemClock,
    random: systemRandom,
  };
  const certificate = await createRoot(plan);
  const { issuerId } = issuerIdentity(certificate);
  const store = await openSqliteStore({ path: file, clock: systemClock });
  await store.registerIssuer(issuerIdentity(certificate));
  fill(file, rows);
  console.log(`${rows} certificates; ${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`);
  const quiet = await recorded(store, 0, pause(TIMED));
  console.log(`${PER_SECOND} enrolments a second alone: p95 ${p95(quiet)}`);

  async function list(what: string, first: number): Promise<void> {
    const make = revocationList({ issuer: { certificate, key }, store, validity: 7 * DAY });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const before = process.cpuUsage();
    const begun = performance.now();
    const crl = await make();
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(before);
    delay.disable();
    // A sample is the time between two of its timers: what is longer than one of them.
    const longest = delay.max / 1e6 - 1;
    console.log(
      `list with ${what}: ${ms.toFixed(0)} ms, of which ${((user + system) / 1000).toFixed(0)} on the processor; ${crl.length} octets; longest piece ${longest.toFixed(1)} ms, p99.9 ${(delay.percentile(99.9) / 1e6 - 1).toFixed(1)} ms`,
    );
    const again = (async () => {
      for (const begun = performance.now(); performance.now() - begun < TIMED; )
        await revocationList({ issuer: { certificate, key }, store, validity: 7 * DAY })();
    })();
    console.log(
      `  ${PER_SECOND} enrolments a second beside such lists, one after the other: p95 ${p95(await recorded(store, first, again))}`,
    );
  }

  await list(`${rows / 20} revoked`, 1e7);
  const begun = performance.now();
  const child = fork(import.meta.filename, [file, issuerId]);
  const revoked = new Promise<unknown>((resolve) => child.once('message', resolve));
  const times = await recorded(store, 2e7, revoked);
  if ((await revoked) !== rows - Math.floor(rows / 20)) throw new Error(`revoked were ${String(await revoked)}`);
  console.log(
    `${String(await revoked)} revoked in ${((performance.now() - begun) / 1000).toFixed(0)} s beside ${PER_SECOND} enrolments a second: p95 ${p95(times)}`,
  );
  await list('all revoked', 3e7);
  await store.close();
}

const [path, issuerOfChild] = process.argv.slice(2);
if (process.send && path && issuerOfChild) await revokeAll(path, issuerOfChild);
else await measure(Number(process.argv.find((each) => /^[0-9]+$/.test(each)) ?? 1_000_000));
