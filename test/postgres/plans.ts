/**
 * What a request asks the store, at a million certificates of two years: PostgreSQL says by EXPLAIN of each statement, as it
 * runs, that none of them reads a large table from its beginning to its end, and that what a request asks reads one month.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Store } from '../../src/core/store.ts';
import {
  auditFor,
  certificateId,
  ENDPOINT,
  ISSUER_ID,
  issuanceFor,
  later,
  namesFor,
  NOON,
  pendingFor,
  pollOf,
} from '../../src/testing/store-samples.ts';
import { cluster } from '../kit/postgres-cluster.ts';
import { opened } from '../kit/postgres-opening.ts';

const ROWS = 1_000_000;
/** Rows of the tables that are not always large. */
const FEW = 50_000;

const server = await cluster({
  version: 15,
  settings: {
    // None of the tests looks at the disk.
    fsync: 'off',
    autovacuum: 'off',
    max_wal_size: '4GB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    shared_buffers: '256MB',
    maintenance_work_mem: '256MB',
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_format': 'json',
    logging_collector: 'on',
    log_directory: 'log',
    log_line_prefix: '',
  },
});
const place = server.place(await server.database());
const { database } = place;

/** One part for each month from March 2024 to the last one, as if the store had been there since. */
const MONTHS = ['certificates', 'audit']
  .map(
    (table) => `
do $$ declare
  month timestamp := '2024-03-01';
  this timestamp := date_trunc('month', now() at time zone 'UTC');
  function_id text := '((extract(epoch from %L::timestamp) * 1000 - 1704067200000) * 4096)::bigint';
  first bigint; next bigint;
begin
  drop table ${table}_before;
  execute 'select ' || format(function_id, month) into first;
  execute format('create table ${table}_before partition of ${table} for values from (minvalue) to (%s)', first);
  while month < this loop
    execute 'select ' || format(function_id, month + interval '1 month') into next;
    execute format('create table ${table}_%s partition of ${table} for values from (%s) to (%s)',
      to_char(month, 'YYYY_MM'), first, next);
    first := next; month := month + interval '1 month';
  end loop;
end $$;`,
  )
  .join('');

/** Indexes are made anew after the rows: that is ten times as quick. Times are from the noon of the samples back. */
const FILL = `
create function pg_temp.id(n bigint) returns bigint immutable language sql
  return (1772366400000 - (${ROWS} - n) * 63000 - 1704067200000) * 4096;
insert into issuers (id, issuer_id, name, authority) values (1, 'of the million', 'CN=Issuing CA', 'issuing');
insert into certificates (id, issuer, serial, endpoint, transaction_id, subject, subject_folded, thumbprint, thumbprint_sha256,
    public_key_hash, renews, first_issued_at, crl_shard, der, not_before, not_after, state, issued_at)
  select pg_temp.id(n), 1, md5('serial ' || n), '${ENDPOINT}', 'transaction ' || n, 'CN=filled-' || n, 'cn=filled-' || n,
    md5('thumbprint ' || n), md5('256 ' || n), md5('key ' || n), case when n % 3 = 0 then pg_temp.id(n / 2) end, m, 0, '\\x3000', m,
    m + 31536000000, case when n % 20 = 0 then 'revoked' else 'delivered' end, m
  from generate_series(1, ${ROWS}) as n, lateral (select 1772366400000 - (${ROWS} - n)::bigint * 63000 as m) as moments;
insert into serials select id, issuer, serial, renews, renews_unrecorded from certificates;
insert into transactions (id, key, request, nonces, endpoint, transaction_id, signer, subject, state, reason, csr, created_at,
    updated_at, certificate_id)
  select n, md5('poll ' || n) || md5('a' || n) || md5('b' || n), md5('request ' || n) || md5('c' || n), '', '${ENDPOINT}',
    'transaction ' || n, md5('signer ' || n), 'CN=filled-' || n,
    case when n <= ${FEW} then 'pending' else 'issued' end, case when n <= ${FEW} then 'unreachable' end,
    case when n <= ${FEW} then '\\x3000'::bytea end, m, m, case when n > ${FEW} then pg_temp.id(n) end
  from generate_series(1, ${ROWS}) as n, lateral (select 1772366400000 - (${ROWS} - n)::bigint * 63000 as m) as moments;
insert into names (kind, value, certificate_id)
  select 'cn', 'filled-' || n, pg_temp.id(n) from generate_series(1, ${ROWS}) as n;
insert into audit (id, at, event, endpoint, transaction_id, certificate_id, actor, source)
  select pg_temp.id(n), 1772366400000, 'issued', '${ENDPOINT}', 'transaction ' || n, pg_temp.id(n), 'device', 'scep' from generate_series(1, ${ROWS}) as n;
insert into consumed_challenges (id, at) select md5('used ' || n), 1772366400000 from generate_series(1, ${ROWS}) as n;
insert into revocations (certificate_id, issuer, serial, revoked_at, reason, not_after, crl_shard)
  select id, issuer, serial, issued_at, 'superseded', not_after, 0 from certificates where state = 'revoked';
insert into compromised_keys select md5('key ' || n) from generate_series(1, ${FEW}) as n;
insert into blocks (name, at, actor) select 'user:u' || n, 0, 'admin' from generate_series(1, ${FEW}) as n;
insert into challenges (mark, endpoint, created_at, expires_at)
  select md5('mark ' || n), '${ENDPOINT}', 1772366400000, 1772366400000 + n * 1000 from generate_series(1, ${FEW}) as n;
insert into notifications (id, mode, payload, attempts, created_at, due_at, fence, certificate_id)
  select n, 'outbox', '{"kind":"failure","csr":"MAA="}', 0, 1772366400000, 1772366400000 + n * 1000, 0, pg_temp.id(n)
  from generate_series(1, ${FEW}) as n;`;

const LARGE = [
  'audit',
  'blocks',
  'certificates',
  'challenges',
  'compromised_keys',
  'consumed_challenges',
  'names',
  'notifications',
  'revocations',
  'serials',
  'transactions',
];

/** What a request, a poll, a job that runs every few seconds and a list of an administrator ask. */
const WORK: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a request that is known': (store) =>
    store.findRequest(issuanceFor(1).transaction.request, issuanceFor(1).transaction.key),
  'its transaction': (store) => store.findTransaction(issuanceFor(1).transaction.key),
  'what a poll asks for': (store) => store.findPolled(pollOf(1)),
  'whether a key is compromised or blocked': (store) => store.keyStanding('of no certificate'),
  'whether a name is blocked': (store) => store.findBlock(['user:a', 'user:b']),
  'a certificate with a notification and a one-time challenge': (store) =>
    store.recordIssued(issuanceFor(1, { notification: 'strict', consumes: 'once' })),
  'the same request again': (store) => store.recordIssued(issuanceFor(1, { notification: 'strict', consumes: 'once' })),
  'a renewal': (store) => {
    const { certificate, ...rest } = issuanceFor(2);
    return store.recordIssued({ ...rest, certificate: { ...certificate, renews: certificateId(1) }, mostRenewals: 3 });
  },
  'a request that waits': (store) =>
    store.recordPending({ ...pendingFor(3, { reason: 'unreachable' }), most: 10 * FEW }),
  'its end': (store) => store.withdrawPending(pendingFor(3).transaction.key),
  'a notification that is due': async (store) => {
    const [claimed] = await store.claimNotifications({ owner: 'test', leaseMs: 60_000, mode: 'strict', limit: 8 });
    assert.ok(claimed);
    await store.acknowledgeNotification(claimed, auditFor(1, 'delivered'));
  },
  'revocations that the CA must be told of': (store) =>
    store.claimRevocations({ owner: 'test', leaseMs: 60_000, limit: 8 }),
  'a certificate and what renewed it': async (store) => {
    await store.findCertificate(certificateId(1));
    await store.findCertificatesBySerial(certificateId(1).serial);
    await store.findRenewals(certificateId(1));
  },
  'a one-time password': async (store) => store.findChallenge(ENDPOINT, 'a password'),
  'what OCSP asks': async (store) => {
    await store.revocationStatus(certificateId(1));
    await store.revocationStanding(ISSUER_ID);
    await store.lastSigned();
  },
  'a revocation': (store) => store.revoke(certificateId(2), 'superseded', auditFor(2, 'revoked')),
  'a page of the revocation list': (store) => store.listRevoked(ISSUER_ID, { after: 0, limit: 100 }),
  'requests whose time is over': (store) =>
    store.forgetRequests({ unreachable: later(-2_000_000), erased: later(-2_000_000), any: later(-2_000_000) }, 100),
  'the newest certificates': (store) => store.listCertificates({ limit: 100 }),
  'a certificate by the beginning of its serial number': (store) =>
    store.listCertificates({ serialPrefix: 'ABCDEF', limit: 100 }),
  'a certificate by a name': (store) => store.listCertificates({ names: namesFor(1), limit: 100 }),
  'certificates by the beginning of a common name': (store) => store.listCertificates({ cn: 'filled-77', limit: 100 }),
  'a certificate by its thumbprint': async (store) => {
    const { thumbprint, thumbprintSha256 } = issuanceFor(1).certificate;
    await store.listCertificates({ thumbprint, limit: 100 });
    await store.listCertificates({ thumbprint: thumbprintSha256, limit: 100 });
  },
  'certificates that a text finds': (store) =>
    store.searchCertificates(
      { now: NOON, terms: { name: { beginning: 'filled-77', kinds: ['cn', 'upn'] }, serialPrefix: 'abc77' } },
      { limit: 50 },
    ),
  'revoked certificates, newest first': (store) =>
    store.searchCertificates({ now: NOON, state: 'revoked' }, { limit: 50 }),
  'certificates of an endpoint and a CA': (store) =>
    store.searchCertificates({ now: NOON, places: [{ endpoint: '/rare', issuerIds: [ISSUER_ID] }] }, { limit: 50 }),
  'certificates of a day of last year': (store) =>
    store.searchCertificates(
      { now: NOON, recorded: { from: later(-400 * 86_400), before: later(-399 * 86_400) } },
      { limit: 50 },
    ),
  'what persons did': (store) => store.searchAudit({ notable: true }, { limit: 50 }),
  'entries of the history, by what contains a text': (store) => store.searchAudit({ detail: 'text' }, { limit: 50 }),
  'its history': (store) => store.listAudit({ certificate: certificateId(1), limit: 100 }),
};

/** A statement and its plan, as auto_explain writes both. */
type Explained = { 'Query Text': string; Plan: PlanNode };
type PlanNode = {
  'Node Type': string;
  'Parent Relationship'?: string;
  'Relation Name'?: string;
  Filter?: string;
  Plans?: PlanNode[];
};

/** What the log has in addition since the last call. */
function newPlans(): Explained[] {
  const folder = join(server.folder, 'data', 'log');
  const log = readdirSync(folder)
    .toSorted()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
  const said = log.slice(read);
  read = log.length;
  return [...said.matchAll(/plan:\n(?<plan>\t\{[^]*?\n\t\})/g)].map(
    ({ groups }) => JSON.parse(groups?.['plan'] ?? '') as Explained,
  );
}
let read = 0;

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** The large tables that it reads from the beginning. `exists` over a whole table stops at the first row. */
const scansOf = ({ Plan }: Explained): string[] =>
  nodesOf(Plan)
    .filter((node) => node['Node Type'] === 'Seq Scan')
    .filter((node) => node['Parent Relationship'] !== 'InitPlan' || node.Filter !== undefined)
    .flatMap((node) => node['Relation Name'] ?? [])
    .filter((name) => large.has(name));

/** The months of one table that it reads. */
const partsOf = ({ Plan }: Explained): Set<string> =>
  new Set(
    nodesOf(Plan)
      .flatMap((node) => node['Relation Name'] ?? [])
      .filter((name) => /^(certificates|audit)_/.test(name)),
  );

const filling = await opened(place);
await filling.close();
const indexes = await server.sql<{ name: string; definition: string }>(
  `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
    where indrelid::regclass::text in ('${LARGE.join("','")}')
      and not exists (select from pg_constraint where conindid = indexrelid)`,
  database,
);
await server.sql(indexes.map(({ name }) => `drop index ${name};`).join(''), database);
await server.sql(MONTHS + FILL, database);
await server.sql(
  `${indexes.map(({ definition }) => `${definition.replace(' ON ONLY ', ' ON ')};`).join('')} analyze`,
  database,
);
/** Parts of tables too, but no empty ones: PostgreSQL reads those as it likes. */
const large = new Set(
  (
    await server.sql<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and reltuples > 1000
        and (relname in ('${LARGE.join("','")}') or relname ~ '^(certificates|audit)_')`,
      database,
    )
  ).map(({ name }) => name),
);
const store = await opened(place);
newPlans();

test('certificates and audit have a part for each of two years of months', () => {
  for (const table of ['certificates', 'audit'])
    assert.ok([...large].filter((name) => name.startsWith(`${table}_2`)).length >= 24, [...large].join(' '));
});

/** What a request or a poll asks, as often as PostgreSQL needs to decide whether it plans a statement anew each time. */
const REQUEST: Readonly<Record<string, (store: Store, n: number) => Promise<unknown>>> = {
  'a request that is known, and its certificate': (store) =>
    store.findRequest(issuanceFor(1).transaction.request, issuanceFor(1).transaction.key),
  'what a poll asks for': (store) => store.findPolled(pollOf(1)),
  'a certificate by its serial number': (store) => store.findCertificate(certificateId(1)),
  'what renewed a certificate': (store) => store.findRenewals(certificateId(1)),
  'a certificate, its notification, and its delivery': async (store, n) => {
    await store.recordIssued(issuanceFor(100 + n, { notification: 'strict', consumes: `once ${n}` }));
    const [claimed] = await store.claimNotifications({ owner: 'test', leaseMs: 60_000, mode: 'strict', limit: 8 });
    assert.ok(claimed);
    await store.acknowledgeNotification(claimed, auditFor(100 + n, 'delivered'));
  },
  'a renewal': (store, n) => {
    const { certificate, ...rest } = issuanceFor(200 + n);
    return store.recordIssued({
      ...rest,
      certificate: { ...certificate, renews: certificateId(100 + n) },
      mostRenewals: 3,
    });
  },
};

for (const [title, work] of Object.entries(WORK))
  test(`by an index: ${title}`, async () => {
    await work(store);
    // The server writes its log by another process.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const plans = newPlans();
    assert.ok(plans.length > 0, 'the log has no plan');
    assert.deepEqual(
      plans.filter((plan) => scansOf(plan).length > 0).map((plan) => [scansOf(plan), plan['Query Text']]),
      [],
    );
  });

for (const [title, work] of Object.entries(REQUEST))
  test(`of one month, at the seventh time too: ${title}`, async () => {
    for (let n = 1; n <= 7; n++) await work(store, n);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const plans = newPlans();
    assert.ok(plans.length > 0, 'the log has no plan');
    assert.deepEqual(
      plans.filter((plan) => partsOf(plan).size > 1).map((plan) => [plan['Query Text'], [...partsOf(plan)].join(' ')]),
      [],
    );
    assert.ok(
      plans.some((plan) => partsOf(plan).size === 1),
      'nothing was read of a month',
    );
  });

test('a statement that reads all of a table is noticed', async () => {
  await server.sql(`select count(*) from certificates where transaction_id = 'none'`, database);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const plans = newPlans();
  assert.ok(plans.some((plan) => scansOf(plan).length >= 24 && partsOf(plan).size >= 24));
  await store.close();
});
