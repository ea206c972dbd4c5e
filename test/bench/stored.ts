/**
 * What a certificate costs where there are many, on PostgreSQL: `npm run bench -- rows [ROWS]`, a million when absent.
 * A database with as many certificates, of two years, and an empty one of the same server take turns; then it is searched.
 */
import type { CertificateFilter, Store } from '../../src/core/store.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { median, percentile } from './measure.ts';
import { issuanceNumber } from './rows.ts';
import { enrolmentCosts } from './stored-enrolments.ts';
import { fillOf } from './stored-fill.ts';

const TURNS = 7;
const PER_TURN = 400;
const AT_ONCE = 8;
const TIMES = 5;

const rows = Number(process.argv.find((each) => /^[0-9]+$/.test(each)) ?? 1_000_000);
const server = await cluster({
  version: 15,
  settings: { shared_buffers: '512MB', max_wal_size: '8GB', maintenance_work_mem: '512MB' },
});

const open = (database: string): Promise<Store> =>
  openPostgresStore({
    place: server.place(database),
    password: () => ROLE.password,
    clock: () => new Date(),
    random: Math.random,
  });

async function filled(): Promise<string> {
  const database = await server.database();
  await (await open(database)).close();
  const indexes = await server.sql<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid::regclass::text in ('certificates', 'audit', 'names', 'serials', 'transactions')
        and not exists (select from pg_constraint where conindid = indexrelid)`,
    database,
  );
  await server.sql(indexes.map(({ name }) => `drop index ${name};`).join(''), database);
  for (const statement of fillOf(rows)) await server.sql(statement, database);
  for (const { definition } of indexes) await server.sql(definition.replace(' ON ONLY ', ' ON '), database);
  await server.sql('vacuum analyze', database);
  await server.sql('checkpoint', database);
  return database;
}

/** Processor microseconds of this process for each issuance, and how long each took, in milliseconds. */
async function turn(store: Store, first: number): Promise<{ cpu: number; times: number[] }> {
  const issuances = Array.from({ length: PER_TURN }, (_, at) => issuanceNumber(first + at));
  const times: number[] = [];
  const before = process.cpuUsage();
  const one = async (): Promise<void> => {
    for (let next = issuances.pop(); next; next = issuances.pop()) {
      const started = performance.now();
      const result = await store.recordIssued(next);
      if (result.kind !== 'recorded') throw new Error(`was not recorded: ${result.kind}`);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / PER_TURN, times };
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`;
const line = (...cells: string[]): void =>
  console.log(cells.map((cell, at) => (at === 0 ? cell.padEnd(34) : cell.padStart(12))).join(''));

const started = performance.now();
const database = await filled();
const [said] = await server.sql<{ size: string }>(`select pg_size_pretty(pg_database_size('${database}')) as size`);
console.log(
  `${rows} certificates of two years, ${said?.size}, made in ${seconds(started)}; PostgreSQL 15 on the same machine\n`,
);

const databases = { many: database, empty: await server.database() };
const stores = { many: await open(databases.many), empty: await open(databases.empty) };
type Name = keyof typeof stores;
const NAMES: readonly Name[] = ['empty', 'many'];
const cpus: Record<Name, number[]> = { many: [], empty: [] };
const p95s: Record<Name, number[]> = { many: [], empty: [] };
for (let round = -1; round < TURNS; round++)
  for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
    const { cpu, times } = await turn(stores[name], 1_000_000_000 + round * PER_TURN + PER_TURN);
    // The first turn compiles and fills caches.
    if (round < 0) continue;
    cpus[name].push(cpu);
    p95s[name].push(percentile(times, 0.95));
  }
line(`recordIssued, ${AT_ONCE} at once`, 'CPU µs', 'p95 ms');
for (const name of NAMES) line(`  ${name}`, median(cpus[name]).toFixed(0), median(p95s[name]).toFixed(1));
const ratio = (of: typeof cpus): string => (median(of.many) / median(of.empty)).toFixed(2);
line('  many : empty', ratio(cpus), ratio(p95s));

const some = issuanceNumber(1_000_000_001);
const middle = Math.floor(rows / 2);
const SEARCHES: Readonly<Record<string, CertificateFilter>> = {
  'the newest hundred': { limit: 100 },
  'the beginning of a serial number': { serialPrefix: some.certificate.serial.slice(0, 8), limit: 100 },
  'a SHA-1 thumbprint': { thumbprint: some.certificate.thumbprint, limit: 100 },
  'a SHA-256 thumbprint': { thumbprint: some.certificate.thumbprintSha256, limit: 100 },
  'a UPN': { names: [{ kind: 'upn', value: `user-${middle}@example.com` }], limit: 100 },
  'the beginning of a common name': { cn: `stored-${String(middle).slice(0, -2)}`, limit: 100 },
  'text anywhere in the subject': { subject: `stored-${middle}`, limit: 100 },
};
line('\nsearch', 'median ms', 'slowest ms', 'found');
for (const [what, filter] of Object.entries(SEARCHES)) {
  const times: number[] = [];
  let found = 0;
  for (let time = 0; time < TIMES; time++) {
    const since = performance.now();
    found = (await stores.many.listCertificates(filter)).length;
    times.push(performance.now() - since);
  }
  line(`  ${what}`, median(times).toFixed(1), percentile(times, 1).toFixed(1), String(found));
}
await Promise.all([stores.many.close(), stores.empty.close()]);

const url = (name: string): string =>
  `postgres://${ROLE.user}:${encodeURIComponent(ROLE.password)}@127.0.0.1:${server.port}/${name}`;
const costs = await enrolmentCosts({ empty: url(databases.empty), many: url(databases.many) });
line('\nenrolment, 8 connections', 'CPU µs', 'p95 ms');
for (const { name, cpu, p95 } of costs) line(`  ${name}`, cpu.toFixed(0), p95.toFixed(1));
const [empty, many] = costs;
if (empty && many) line('  many : empty', (many.cpu / empty.cpu).toFixed(2), (many.p95 / empty.p95).toFixed(2));
await server.stop('fast');
