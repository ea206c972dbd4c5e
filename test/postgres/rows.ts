/** Where rows are in PostgreSQL: ids without a sequence, in parts by month, and what happens when a part cannot be made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/core/store.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { auditFor, certificateId, failureNotificationFor, issuanceFor } from '../../src/testing/store-samples.ts';
import { type Cluster, cluster, ROLE } from '../kit/postgres-cluster.ts';
import { until } from '../kit/until.ts';

for (const version of [15, 18] as const) {
  // None of the tests looks at the disk.
  const server = await cluster({ version, settings: { fsync: 'off' } });
  const on = `PostgreSQL ${version}`;

  test(`${on}: two servers that make the same ids each record all of theirs`, async () => {
    const database = await server.database();
    const same = { clock: () => new Date('2026-11-27T12:00:00Z'), random: () => 0.5 };
    const one = await open(server, database, same);
    const other = await open(server, database, same);
    for (const n of [1, 2, 3, 4]) assert.equal((await one.recordIssued(issuanceFor(n))).kind, 'recorded');
    for (const n of [5, 6, 7, 8])
      assert.equal((await other.recordIssued(issuanceFor(n, { notification: 'strict' }))).kind, 'recorded');
    assert.equal(await other.countCertificates({}), 8);
    for (const table of ['certificates', 'audit', 'transactions'])
      assert.deepEqual(
        await server.sql(`select count(*)::int as rows, count(distinct id)::int as ids from ${table}`, database),
        [{ rows: 8, ids: 8 }],
      );
    // Ids of one table, one after the other: each would be taken, but for another slot.
    const told: number[] = [];
    for (const store of [one, other])
      for (const n of [1, 2, 3, 4, 5, 6, 7]) told.push(await store.recordNotification(failureNotificationFor(n)));
    assert.equal(new Set(told).size, 14);
    await Promise.all([one.close(), other.close()]);
  });

  test(`${on}: nothing in the schema is counted up by a sequence`, async () => {
    const database = await server.database();
    await (await open(server, database)).close();
    assert.deepEqual(await server.sql(`select relname from pg_class where relkind = 'S'`, database), []);
  });

  test(`${on}: a certificate and its history are in the part of their month, and a serial number is unique in all`, async () => {
    const database = await server.database();
    let now = new Date();
    const store = await open(server, database, { clock: () => now });
    const months = [monthAfter(now, 0), monthAfter(now, 1)];
    await store.recordIssued(issuanceFor(1));
    now = new Date(`${months[1]?.replace('_', '-')}-02T00:00:00Z`);
    await store.recordIssued(issuanceFor(2));
    const places = `select c.tableoid::regclass::text as certificate, a.tableoid::regclass::text as entry
      from certificates c join audit a on a.certificate_id = c.id order by c.id`;
    assert.deepEqual(
      await server.sql(places, database),
      months.map((month) => ({ certificate: `certificates_${month}`, entry: `audit_${month}` })),
    );
    const { certificate, ...rest } = issuanceFor(3);
    await assert.rejects(
      store.recordIssued({ ...rest, certificate: { ...certificate, serial: certificateId(1).serial } }),
      /is recorded already/,
    );
    assert.equal(await store.countCertificates({}), 2);
    assert.equal((await store.findCertificate(certificateId(1)))?.serial, certificateId(1).serial);
    await store.close();
  });

  test(`${on}: rows of an SQLite installation, whose ids are small, are before all months`, async () => {
    const database = await server.database();
    const store = await open(server, database);
    await store.recordIssued(issuanceFor(1));
    await server.sql(`update certificates set id = 7; update serials set certificate_id = 7`, database);
    assert.deepEqual(await server.sql(`select tableoid::regclass::text as part from certificates`, database), [
      { part: 'certificates_before' },
    ]);
    assert.equal(await store.revoke(certificateId(1), 'superseded', auditFor(1, 'revoked')), true);
    const [revoked] = await store.listRevoked(certificateId(1).issuerId, { limit: 5 });
    assert.equal(revoked?.id, 7);
    await store.close();
  });

  test(`${on}: searches go on from month to month, also when rows are added between two pages`, async () => {
    const database = await server.database();
    const begun = new Date();
    let now = begun;
    const store = await open(server, database, { clock: () => now });
    const record = async (n: number, months: number): Promise<void> => {
      now = months === 0 ? begun : new Date(`${monthAfter(begun, months).replace('_', '-')}-02T00:00:0${n}Z`);
      const { certificate, ...rest } = issuanceFor(n);
      const notAfter = new Date(now.getTime() + 90 * 86_400_000);
      const audit = { ...rest.audit, at: now };
      await store.recordIssued({ ...rest, audit, certificate: { ...certificate, issuedAt: now, notAfter } });
    };
    for (const [n, months] of [
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2],
    ] as const)
      await record(n, months);
    await server.sql(
      `update audit set id = 7 where certificate_id = (select min(id) from certificates);
      update serials set certificate_id = 7 where certificate_id = (select min(id) from certificates);
      update certificates set id = 7 where id = (select min(id) from certificates)`,
      database,
    );
    const numbers = (serials: readonly (string | undefined)[]): number[] =>
      serials.map((serial) => [1, 2, 3, 4, 5].find((n) => certificateId(n).serial === serial) ?? 0);
    const pages = async (query: object, between?: () => Promise<void>): Promise<number[]> => {
      const found: (string | undefined)[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await store.searchCertificates({ now: begun, ...query }, { limit: 1, ...(cursor && { cursor }) });
        found.push(...page.certificates.map(({ serial }) => serial));
        cursor = page.next;
        if (cursor === undefined) return numbers(found);
        await between?.();
      }
    };
    assert.deepEqual(await pages({}), [4, 3, 2, 1]);
    assert.deepEqual(await pages({ ends: { from: begun } }), [1, 2, 3, 4]);
    const place = { endpoint: issuanceFor(1).certificate.endpoint, issuerIds: [certificateId(1).issuerId] };
    assert.deepEqual(await pages({ places: [place] }), [4, 3, 2, 1]);
    const [second, third] = [1, 2].map((each) => new Date(`${monthAfter(begun, each).replace('_', '-')}-01T00:00:00Z`));
    assert.deepEqual(await pages({ recorded: { from: second, before: third } }), [3, 2]);
    let added = false;
    assert.deepEqual(
      await pages({}, async () => {
        if (!added) await record(5, 3);
        added = true;
      }),
      [4, 3, 2, 1],
    );
    assert.deepEqual(await pages({}), [5, 4, 3, 2, 1]);
    const history: (string | undefined)[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await store.searchAudit({}, { limit: 2, ...(cursor && { cursor }) });
      history.push(...page.entries.map(({ serial }) => serial));
      cursor = page.next;
      if (cursor === undefined) break;
    }
    assert.deepEqual(numbers(history), [5, 4, 3, 2, 1]);
    await store.close();
  });

  test(`${on}: a month that is missing is made by the job and at the next start, also by two servers at once`, async () => {
    const database = await server.database();
    const store = await open(server, database);
    const last = monthAfter(new Date(), 3);
    const drop = `drop table certificates_${last}; drop table audit_${last}`;
    await server.sql(drop, database);
    await store.makeRoom?.();
    assert.deepEqual(await partsOf(server, database, last), [`audit_${last}`, `certificates_${last}`]);
    await server.sql(drop, database);
    const others = await Promise.all([1, 2, 3].map(() => open(server, database)));
    assert.deepEqual(await partsOf(server, database, last), [`audit_${last}`, `certificates_${last}`]);
    await Promise.all([store, ...others].map((each) => each.close()));
  });

  test(`${on}: without the right to change the table a server starts with a warning, and the default part takes the rows`, async () => {
    const database = await server.database();
    await (await open(server, database)).close();
    const month = monthAfter(new Date(), 0);
    await server.sql(
      `drop table certificates_${month}; alter table certificates owner to postgres;
      grant all on certificates to "${ROLE.user}"`,
      database,
    );
    const warned: string[] = [];
    const store = await open(server, database, { warn: (message) => void warned.push(message) });
    // The other warning is about fsync.
    const warning = warned.find((message) => message.includes('next months')) ?? '';
    assert.match(warning, /cannot be made: must be owner of table certificates/);
    assert.match(warning, /certificates_default and audit_default$/);
    await assert.rejects(async () => store.makeRoom?.(), /must be owner of table certificates/);
    await store.recordIssued(issuanceFor(1));
    assert.deepEqual(await server.sql(`select tableoid::regclass::text as part from certificates`, database), [
      { part: 'certificates_default' },
    ]);
    assert.equal((await store.findCertificate(certificateId(1)))?.serial, certificateId(1).serial);
    await store.close();
  });

  test(`${on}: a long read keeps the job from making a month for a moment only, and stops no enrolment`, async () => {
    const database = await server.database();
    const store = await open(server, database);
    const last = monthAfter(new Date(), 3);
    await server.sql(`drop table certificates_${last}`, database);
    const reading = server.sql(`begin; select count(*) from certificates; select pg_sleep(60); commit`, database);
    const stopped = assert.rejects(reading, /canceling statement/);
    const asleep = () =>
      server.sql<{ pid: number }>(
        `select a.pid from pg_stat_activity a join pg_locks l on l.pid = a.pid
          where l.relation = 'certificates_default'::regclass and l.granted and a.wait_event = 'PgSleep'`,
        database,
      );
    await until(async () => (await asleep()).length > 0, 'the transaction that reads', { every: 20 });
    await assert.rejects(async () => store.makeRoom?.(), /lock timeout/);
    assert.equal((await store.recordIssued(issuanceFor(1))).kind, 'recorded');
    const [reader] = await asleep();
    await server.sql(`select pg_cancel_backend(${reader?.pid})`, database);
    await stopped;
    await store.makeRoom?.();
    assert.deepEqual(await partsOf(server, database, last), [`audit_${last}`, `certificates_${last}`]);
    await store.close();
  });
}

type How = Partial<Pick<Parameters<typeof openPostgresStore>[0], 'clock' | 'random' | 'warn'>>;

function open(server: Cluster, database: string, how: How = {}): Promise<Store> {
  return openPostgresStore({
    place: server.place(database),
    password: () => ROLE.password,
    clock: () => new Date(),
    random: Math.random,
    ...how,
  });
}

/** As the names of parts have it. */
const monthAfter = (now: Date, months: number): string =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1)).toISOString().slice(0, 7).replace('-', '_');

/** Those of this month that are attached. */
async function partsOf(server: Cluster, database: string, month: string): Promise<string[]> {
  const rows = await server.sql<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
      where relkind = 'r' and relname like '%${month}' order by 1`,
    database,
  );
  return rows.map(({ name }) => name);
}
