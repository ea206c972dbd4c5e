/** `store migrate`: an installation that was served on SQLite goes on on PostgreSQL, and nothing of it is lost. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../src/embed/system.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { auditFor, chained, issuanceFor, later } from '../../src/testing/store-samples.ts';
import { fields, run } from '../app/installation.ts';
import { fillStore } from '../kit/certified-samples.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { until, untilIs } from '../kit/until.ts';
import { certified, enrolled, newSubject, polled } from '../wiring/device.ts';
import { file } from '../wiring/files.ts';
import { eventsAt, mend, receiver, SECRET } from '../wiring/receiver.ts';
import { CHALLENGE, configured, PLAIN, started } from '../wiring/server.ts';

const server = await cluster({ version: 15, settings: { fsync: 'off' } });
const PASSWORD = file('password', ROLE.password);
const key = randomBytes(32);
const KEY = file('secrets.key', key.toString('base64'));

const urlOf = (database: string): string => `postgres://openndes@127.0.0.1:${server.port}/${database}`;
const storeOf = (database: string) => ({
  url: urlOf(database),
  password: `\${file:${PASSWORD}}`,
  secretsKey: `\${file:${KEY}}`,
});
/** The options that name the same. */
const to = (database: string): string[] =>
  `--to ${urlOf(database)} --password-file ${PASSWORD} --secrets-key-file ${KEY}`.split(' ');

/** The same configuration with another store, in a file beside it. */
function withStore(config: string, store: unknown): string {
  const path = join(dirname(config), 'new.yaml');
  writeFileSync(path, stringify({ ...(parse(readFileSync(config, 'utf8')) as object), store }), { mode: 0o600 });
  return path;
}

const migrate = (config: string, ...args: string[]) => run('store', 'migrate', '--config', config, ...args);

/** A configuration whose SQLite store has a row of every kind. */
async function samples(): Promise<string> {
  const config = configured({});
  const store = await openSqliteStore({ path: join(dirname(config), 'store.db'), clock: systemClock });
  await fillStore(store);
  await store.close();
  return config;
}

type Tables = { table: string; rows: number; copied: number; sha256: string; copiedSha256: string }[];

test('a started installation goes on where it was: repeats, polls, passwords, blocks, revocations and notifications', async () => {
  const { http } = await receiver();
  const hook = { url: `http://127.0.0.1:${http}/mended/migrated`, secret: SECRET, notify: 'outbox' };
  const allowing = { url: `http://127.0.0.1:${http}/no-notifications/migrated`, secret: SECRET, notify: 'outbox' };
  const config = configured({
    endpoints: [
      PLAIN,
      { path: '/one-time', policy: { oneTime: {} } },
      { path: '/manual', approval: 'manual', policy: { static: CHALLENGE } },
      { path: '/hook', policy: { webhook: allowing } },
    ],
  });
  const cli = (...args: string[]) => run(...args, '--config', config);
  const before = await started(config);
  const [subject, revokedSubject, waiting] = [newSubject(), newSubject(), newSubject()];
  const first = await certified(before.url('/plain'), { subject });
  const revoked = await certified(before.url('/plain'), { subject: revokedSubject });
  const revocation = await cli('certs', 'revoke', revoked.serialNumber, '--reason', 'superseded');
  assert.equal(revocation.code, 0, revocation.err);
  assert.equal((await enrolled(before.url('/manual'), { subject: waiting })).status, 'pending');
  const [used, unused] = [
    (await cli('challenge', 'new', '--endpoint', '/one-time')).out.trim(),
    (await cli('challenge', 'new', '--endpoint', '/one-time')).out.trim(),
  ];
  assert.equal((await enrolled(before.url('/one-time'), { challenge: used })).status, 'issued');
  const notified = await certified(before.url('/hook'));
  assert.equal((await cli('block', 'add', 'user:ada@example.com')).code, 0);
  await before.close();

  const database = await server.database();
  const { code, out, err } = await migrate(config, ...to(database));
  assert.equal(code, 0, err);
  assert.match(
    out,
    /^\d+ of \d+ rows were copied in \d+\.\d s \(\d+ certificates a second\)\.\nEvery row of the database is the same/,
  );
  assert.match(
    out,
    /\nstore:\n {2}url: "postgres:\S+"\n {2}password: "\$\{file:\S+password\}"\n {2}secretsKey: "\$\{file:\S+\}"\n/,
  );

  const section = (parse(/\nstore:\n(?: {2}.*\n)+/.exec(out)?.[0] ?? '') as { store: object }).store;
  assert.deepEqual(section, storeOf(database));
  const written = parse(readFileSync(config, 'utf8')) as { endpoints: { policy: object }[] };
  written.endpoints[3] = { ...written.endpoints[3], policy: { webhook: hook } };
  const moved = configured({ ...written, store: section });
  const beside = (...args: string[]) => run(...args, '--config', moved);
  assert.match((await beside('store', 'check')).out, /^The store is in order \(certificates 4, /);
  const after = await started(moved);
  assert.equal((await certified(after.url('/plain'), { subject })).serialNumber, first.serialNumber);
  const list = Buffer.from(await (await fetch(`${after.origin}/crl/issuing.crl`)).arrayBuffer());
  assert.ok(list.includes(Buffer.from(revoked.serialNumber, 'hex')));
  assert.ok(!list.includes(Buffer.from(first.serialNumber, 'hex')));

  assert.equal((await enrolled(after.url('/one-time'), { challenge: used })).status, 'failInfo 2');
  assert.equal((await enrolled(after.url('/one-time'), { challenge: unused })).status, 'issued');
  assert.equal((await enrolled(after.url('/one-time'), { challenge: unused })).status, 'failInfo 2');
  assert.match((await beside('block', 'list')).out, /user:ada@example\.com/);

  const [request] = JSON.parse((await beside('certs', 'pending', '--json')).out) as { id: string }[];
  assert.equal((await beside('certs', 'approve', request?.id ?? 'none')).code, 0);
  assert.equal((await polled(after.url('/manual'), { subject: waiting })).status, 'issued');

  mend('/mended/migrated');
  assert.equal((await beside('notifications', 'retry', '--all')).code, 0);
  await until(() => eventsAt('/mended/migrated').length > 0, 'the notification');
  const due = async () => (await beside('notifications', 'list', '--json')).out;
  await untilIs('[]', due, 'what `notifications list` says');
  assert.match((await beside('certs', 'show', notified.serialNumber)).out, /delivered/);

  const next = await certified(after.url('/plain'));
  assert.notEqual(next.serialNumber, first.serialNumber);
  await after.close();
  assert.match((await beside('store', 'check')).out, /^The store is in order \(certificates 7, /);
});

test('the rows of both are counted and hashed; a second run finds nothing to copy, and changes nothing', async () => {
  const config = await samples();
  const database = await server.database();
  const first = fields(await migrate(config, ...to(database), '--json'));
  const tables = first['tables'] as Tables;
  const { certificates, names, audit } = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
  assert.deepEqual({ certificates, names, audit }, { certificates: 4, names: 12, audit: 6 });
  for (const { table, rows, copied, sha256, copiedSha256 } of tables) {
    assert.equal(copied, rows, table);
    assert.equal(copiedSha256, sha256, table);
  }
  const stored = () => server.sql('select xmin::text, id, key, csr from transactions order by id', database);
  const rows = await stored();
  const again = await migrate(config, ...to(database));
  assert.equal(again.code, 0, again.err);
  assert.match(again.out, /^Nothing was left to copy: \d+ rows were compared\.\n/);
  assert.deepEqual(await stored(), rows);
  const { tables: second } = fields(await migrate(config, ...to(database), '--json'));
  assert.deepEqual(
    second,
    tables.map((each) => ({ ...each, copied: 0 })),
  );
});

test('what can hold a challenge is sealed in the copy, and in the copy without a key it is not', async () => {
  const config = await samples();
  const [sealed, plain] = [await server.database(), await server.database()];
  assert.equal((await migrate(config, ...to(sealed))).code, 0);
  assert.equal((await migrate(config, '--to', urlOf(plain), '--password-file', PASSWORD)).code, 0);
  const versionOf = async (database: string): Promise<unknown[]> =>
    server.sql(
      `select encode(substr(csr, 1, 1), 'hex') as octet from transactions where csr is not null union all
       select encode(substr(decode(payload::json->>'csr', 'base64'), 1, 1), 'hex') from notifications`,
      database,
    );
  assert.deepEqual(await versionOf(sealed), [{ octet: '01' }, { octet: '01' }]);
  assert.equal((await versionOf(plain)).length, 2);
  assert.notDeepEqual(await versionOf(plain), await versionOf(sealed));
  assert.equal((await run('store', 'check', '--config', withStore(config, storeOf(sealed)))).code, 0);
});

test('what was erased of a person is not in the copy either, and the history of the copy is whole', async () => {
  const config = configured({});
  const store = await openSqliteStore({ path: join(dirname(config), 'store.db'), clock: () => later(120) });
  const { certificate, ...issuance } = issuanceFor(1);
  assert.equal(
    (await store.recordIssued({ ...issuance, certificate: { ...certificate, notAfter: later(60) } })).kind,
    'recorded',
  );
  await chained(store);
  await store.erasePerson('user1@example.com', auditFor(2, 'erased', later(120)));
  await chained(store);
  await store.close();
  const database = await server.database();
  assert.equal((await migrate(config, ...to(database))).code, 0);
  assert.deepEqual(await server.sql("select subject, encode(der, 'hex') as der from certificates", database), [
    { subject: '', der: '' },
  ]);
  const copy = withStore(config, storeOf(database));
  const verified = await run('audit', 'verify', '--config', copy);
  assert.equal(verified.code, 0, verified.out);
  assert.match(verified.out, /^note: what entry 1 said about a person was erased\.$/m);
});

test('new rows of the copy go on after those that were copied', async () => {
  const config = await samples();
  const database = await server.database();
  assert.equal((await migrate(config, '--to-config', withStore(config, storeOf(database)))).code, 0);
  const store = await openPostgresStore({
    place: server.place(database),
    password: () => ROLE.password,
    clock: systemClock,
    random: Math.random,
    sealing: { keys: [key], random: randomBytes },
  });
  for (let n = 20; n < 25; n++)
    assert.equal((await store.recordIssued(issuanceFor(n, { notification: 'strict' }))).kind, 'recorded');
  assert.equal((await store.listCertificates({ limit: 100 })).length, 9);
  await store.close();
});

const MANY = 3_000;

test('after kill -9 in the middle the next run goes on, and the copy is whole', async () => {
  const config = configured({});
  const path = join(dirname(config), 'store.db');
  const store = await openSqliteStore({ path, clock: systemClock });
  for (let n = 0; n < MANY; n += 50)
    await Promise.all(Array.from({ length: 50 }, (_, at) => store.recordIssued(issuanceFor(n + at))));
  await store.close();
  const database = await server.database();
  const main = join(import.meta.dirname, '../../bin/openndes.mjs');
  const count = async (table: string): Promise<number> => {
    const rows = await server
      .sql<{ rows: number }>(`select count(*)::int as rows from ${table}`, database)
      .catch(() => [{ rows: 0 }]);
    return rows[0]?.rows ?? 0;
  };
  // Once while the certificates are copied, and once while their names are.
  for (const [table, all] of [
    ['certificates', MANY],
    ['names', 3 * MANY],
  ] as const) {
    const child = spawn(process.execPath, [main, 'store', 'migrate', '--config', config, ...to(database)]);
    const exited = once(child, 'exit');
    const begun = async () => child.exitCode !== null || (await count(table)) > 0;
    await until(begun, `rows of ${table} in the copy, or the end of the command`, { every: 2 });
    child.kill('SIGKILL');
    await exited;
    assert.equal(child.signalCode, 'SIGKILL', `${table} was copied before the kill`);
    assert.ok((await count('audit')) < MANY, `${await count(table)} of ${all}`);
  }
  const refused = await untilFree(() => run('serve', '--config', withStore(config, storeOf(database))));
  assert.equal(refused.code, 78);
  assert.match(
    refused.err,
    /^store: postgres:\S+ has an incomplete copy of another store\nRun the `openndes store migrate`/,
  );
  const last = await untilFree(() => migrate(config, ...to(database), '--json'));
  assert.equal(last.code, 0, last.err);
  const tables = fields(last)['tables'] as Tables;
  assert.deepEqual(
    tables.filter(({ sha256, copiedSha256 }) => sha256 !== copiedSha256),
    [],
  );
  const certificates = tables.find(({ table }) => table === 'certificates');
  assert.ok(certificates && certificates.rows === MANY && certificates.copied < MANY, JSON.stringify(certificates));
});

/** The database notices the end of a process some time later. */
async function untilFree(attempt: () => ReturnType<typeof run>): ReturnType<typeof run> {
  const free = async () => {
    const said = await attempt();
    return !said.err.includes('belongs to another server') && said;
  };
  return until(free, 'a database that belongs to no other server', { every: 100 });
}

/** What the database does to a row that is written, and what is said of it. */
const FAULTS: Readonly<Record<string, [table: string, body: string, said: RegExp]>> = {
  'a row that is written otherwise': [
    'certificates',
    `if new.serial = '03' then new.subject = 'CN=other'; end if; return new;`,
    /^certificates: id 3 is not the same\n/m,
  ],
  'a row that is not written': [
    'audit',
    'if new.id = 4 then return null; end if; return new;',
    /^audit: 1 of 6 rows are missing, the first one is id 4\n/m,
  ],
  'a secret that is sealed and another one': [
    'notifications',
    `new.payload = replace(new.payload, 'transaction-3', 'transaction-4'); return new;`,
    /^notifications: id 1 is not the same\n/m,
  ],
};

/** A database in which a server was once. */
async function withTables(): Promise<string> {
  const database = await server.database();
  const place = server.place(database);
  const store = await openPostgresStore({ place, password: () => ROLE.password, random: Math.random });
  await store.close();
  return database;
}

for (const [what, [table, body, said]] of Object.entries(FAULTS))
  test(`${what} is found, and the exit code is 1`, async () => {
    const config = await samples();
    const database = await withTables();
    await server.sql(
      `create function spoil() returns trigger language plpgsql as $$ begin ${body} end $$;
       create trigger spoil before insert on ${table} for each row execute function spoil()`,
      database,
    );
    const { code, err } = await migrate(config, ...to(database));
    assert.equal(code, 1);
    assert.match(err, said);
  });

test('a database of another installation, or one that was used since, is refused, and nothing is written', async () => {
  const [config, other] = [await samples(), configured({})];
  const database = await server.database();
  assert.equal((await migrate(config, ...to(database))).code, 0);
  const moved = withStore(config, storeOf(database));
  assert.equal((await run('block', 'add', 'user:ada@example.com', '--config', moved)).code, 0);
  const store = await openSqliteStore({ path: join(dirname(other), 'store.db'), clock: systemClock });
  await store.recordIssued(issuanceFor(99));
  await store.close();
  for (const source of [config, other]) {
    const { code, out, err } = await migrate(source, ...to(database));
    assert.deepEqual({ code, out }, { code: 78, out: '' });
    assert.match(
      err,
      /^store migrate: postgres:\S+ has other data than the store that is to be copied: \w+, [^\n]+\nName an empty database\. Where a server has used this one/,
    );
  }
  const rows = await server.sql<{ rows: number }>('select count(*)::int as rows from certificates', database);
  assert.deepEqual(rows, [{ rows: 4 }]);
});

test('a notification that cannot be read is named before anything is sealed', async () => {
  const config = await samples();
  const database = new DatabaseSync(join(dirname(config), 'store.db'));
  database.exec("update notifications set payload = 'x'");
  database.close();
  const { code, err } = await migrate(config, ...to(await server.database()));
  assert.equal(code, 78);
  assert.match(
    err,
    /^store migrate: row 1 of notifications cannot be read\nRun `openndes store check`, which says what/m,
  );
});

test('while a server runs on either, one sentence says which, and the exit code is 78', async () => {
  const database = await server.database();
  const config = configured({});
  const onFile = await started(config);
  const ofFile = await migrate(config, ...to(database));
  assert.equal(ofFile.code, 78);
  assert.match(ofFile.err, /^store: \S+store\.db is used by a server that is running\nStop it first: what it writes/);
  await onFile.close();
  const onDatabase = await started(configured({ store: storeOf(database) }));
  const ofDatabase = await migrate(config, ...to(database));
  assert.equal(ofDatabase.code, 78);
  assert.match(ofDatabase.err, /^store: postgres:\S+ belongs to another server that is running\n/);
  await onDatabase.close();
});

test('a wrong password, a missing right, another key: one sentence with the remedy, and exit 78', async () => {
  const config = await samples();
  const database = await server.database();
  const wrong = file('wrong', 'wrong-secret');
  const refused = await migrate(config, '--to', urlOf(database), '--password-file', wrong);
  assert.equal(refused.code, 78);
  assert.match(
    refused.err,
    /^store: \S+ cannot be used: password authentication failed for user "openndes" \(28P01\)\n/,
  );
  assert.doesNotMatch(refused.err, /wrong-secret/);

  await server.sql(`alter database ${database} owner to postgres`);
  await server.sql('revoke create on schema public from public; revoke all on schema public from openndes', database);
  const denied = await migrate(config, ...to(database));
  assert.equal(denied.code, 78);
  assert.match(denied.err, /\(42501\)\nMake the role the owner: alter database "d\d+" owner to "openndes";$/);

  const sealed = await server.database();
  assert.equal((await migrate(config, ...to(sealed))).code, 0);
  writeFileSync(join(dirname(config), 'other.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
  const options = ['--to', urlOf(sealed), '--password-file', PASSWORD];
  const other = await migrate(config, ...options, '--secrets-key-file', join(dirname(config), 'other.key'));
  assert.equal(other.code, 78);
  assert.match(other.err, /^store: `store\.secretsKey` is not the key with which/);
});

/** Five pages of entries more. */
function extendHistory(config: string): void {
  const database = new DatabaseSync(join(dirname(config), 'store.db'));
  database.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
    insert into audit (at, event, endpoint, transaction_id, actor, source)
    select i, 'issued', '/e', 't-' || i, 'device', 'scep' from n`);
  database.close();
}

/** What stops the copy at the first page of the last table, and what is said of it. */
const STOPS: Readonly<Record<string, [body: string, said: RegExp]>> = {
  'a connection that is lost': [
    'if new.id = 5 then perform pg_terminate_backend(pg_backend_pid()); end if; return new;',
    /^store postgres:\S+: [^\n]+\. Look at the log of the database server\.$/,
  ],
  'a disk that is full': [
    "if new.id = 5 then raise exception 'could not extend file' using errcode = '53100'; end if; return new;",
    /^store postgres:\S+: could not extend file \(53100\)\. The disk of the database server is full\. Free some space; [^\n]+$/,
  ],
};

for (const [what, [body, said]] of Object.entries(STOPS))
  test(`${what} in the middle: one sentence with the remedy, exit 1, and the next run goes on`, async () => {
    const config = await samples();
    extendHistory(config);
    const database = await withTables();
    await server.sql(
      `create function stop() returns trigger security definer language plpgsql as $$ begin ${body} end $$;
       create trigger stop before insert on audit for each row execute function stop()`,
      database,
    );
    const { code, out, err } = await migrate(config, ...to(database));
    assert.deepEqual({ code, out }, { code: 1, out: '' });
    const [reason = '', next] = err.split('\n').slice(-2);
    assert.match(reason, said);
    assert.equal(next, 'Then run the same command again: what is copied stays, and the rest follows.');
    await server.sql('drop trigger stop on audit', database);
    const again = fields(await migrate(config, ...to(database), '--json'));
    const copied = (again['tables'] as Tables).filter((each) => each.copied > 0);
    assert.deepEqual(
      copied.map(({ table }) => table),
      ['audit', 'audit_unchained'],
    );
  });

test('a password in the URL is not repeated, and the section names a file for it', async () => {
  const config = await samples();
  const url = urlOf(await server.database()).replace('@', `:${encodeURIComponent(ROLE.password)}@`);
  const { code, out, err } = await migrate(config, '--to', url);
  assert.equal(code, 0, err);
  assert.match(
    out,
    /\n {2}url: "postgres:\/\/openndes@127\S+"\n {2}password: "\$\{file:db\.password\}" # with the password in that file\n/,
  );
  assert.ok(!out.includes(encodeURIComponent(ROLE.password)), out);
});

test('the SQLite file is as it was', async () => {
  const config = await samples();
  const path = join(dirname(config), 'store.db');
  const before = readFileSync(path);
  assert.equal((await migrate(config, ...to(await server.database()))).code, 0);
  assert.ok(readFileSync(path).equals(before));
  assert.equal((await run('store', 'check', '--config', config)).code, 0);
});
