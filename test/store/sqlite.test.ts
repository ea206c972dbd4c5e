/** Opening a SQLite store: what it creates, what it refuses, what it keeps secret, and how it is copied. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import type { WorkClaim } from '../../src/core/records.ts';
import { pollKey } from '../../src/enroll/identify.ts';
import { DIALECTS } from '../../src/store/dialect.ts';
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS, OLDEST_BESIDE } from '../../src/store/migrations.ts';
import { copySqlite, faultOf, hasCurrentSchema, openDatabase, openSqliteStore } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';
import { createStore } from '../../src/store/create-store.ts';
import { attemptFor } from '../../src/testing/store-attempts.ts';
import { auditFor, certificateId, csrFor, issuanceFor, later, NOON } from '../../src/testing/store-samples.ts';
import { temporaryFile } from './temporary.ts';

const clock = () => NOON;
const permissions = (path: string): string => (statSync(path).mode & 0o777).toString(8);

const refuses = (path: string, message: RegExp, remedy: RegExp) =>
  assert.rejects(
    openSqliteStore({ path, clock }),
    (error) => error instanceof ConfigError && message.test(error.message) && remedy.test(error.remedy),
  );

test('a new file, its log and its directory are for its owner alone', async () => {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock });
  await store.check();
  assert.deepEqual([path, `${path}-wal`, `${path}-shm`].map(permissions), ['600', '600', '600']);
  assert.equal(permissions(dirname(path)), '700');
  await store.close();
});

test('an existing file that others may read or change is refused', { skip: process.platform === 'win32' }, async () => {
  const path = temporaryFile();
  await (await openSqliteStore({ path, clock })).close();
  for (const mode of [0o644, 0o620, 0o601]) {
    chmodSync(path, mode);
    await refuses(path, /store\.db: others may read or change/, /^Run: chmod 600 .*store\.db/);
  }
  chmodSync(path, 0o600);
  await (await openSqliteStore({ path, clock })).close();
});

test('the settings that durability and secrecy need are on', () => {
  const database = openDatabase(temporaryFile());
  const setting = (name: string) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0];
  const names = ['journal_mode', 'synchronous', 'foreign_keys', 'secure_delete', 'busy_timeout', 'wal_autocheckpoint'];
  const FULL = 2;
  assert.deepEqual(names.map(setting), ['wal', FULL, 1, 1, 100, 4_000]);
  database.close();
});

test('the write-ahead log stays at about 16 MB, however much is written', () => {
  const path = temporaryFile();
  const database = openDatabase(path);
  database.exec('create table filling (octets blob)');
  const insert = database.prepare('insert into filling values (zeroblob(1000000))');
  const megabytes = (): number => statSync(`${path}-wal`).size / 1_000_000;
  for (let n = 0; n < 14; n++) insert.run();
  assert.ok(megabytes() > 14, 'it is not emptied for every few writes, which would cost each of them');
  for (let n = 0; n < 36; n++) insert.run();
  assert.ok(megabytes() < 20, `${megabytes()} MB after 50 MB`);
  database.close();
});

test('a conflict is a unique index or a primary key that has the value already, and no other constraint', () => {
  const database = openDatabase(':memory:');
  database.exec(`
    create table one (id integer primary key, name text not null unique);
    create table word (text text primary key, number integer references one (id)) without rowid;
    insert into one values (1, 'a'); insert into word values ('a', 1)`);
  const fault = (statement: string): unknown => {
    try {
      database.exec(statement);
    } catch (error) {
      return DIALECTS.sqlite.isConflict(error);
    }
    return 'none';
  };
  assert.equal(fault("insert into one values (2, 'a')"), true);
  assert.equal(fault("insert into one values (1, 'b')"), true);
  assert.equal(fault("insert into word values ('a', 1)"), true);
  assert.equal(fault('insert into one values (2, null)'), false);
  assert.equal(fault("insert into word values ('b', 7)"), false);
  assert.equal(fault('insert into nothing values (1)'), false);
  database.close();
});

test('a directory is refused', async () => {
  const path = temporaryFile();
  mkdirSync(path, { recursive: true });
  await refuses(path, /store: .*store\.db cannot be used: /, /Name a file/);
});

test('a path through a file is refused', async () => {
  const path = temporaryFile();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  await refuses(join(path, 'deeper.db'), /deeper\.db cannot be used/, /Name a file/);
});

test('a file that is no database is refused and left as it is', async () => {
  const path = temporaryFile();
  mkdirSync(dirname(path), { recursive: true });
  const text = 'listen: { port: 8080 }\n'.repeat(200);
  writeFileSync(path, text, { mode: 0o600 });
  await refuses(path, /file is not a database/, /not a SQLite database/);
  assert.equal(readFileSync(path, 'utf8'), text);
});

/** A store that a later version has brought to the next schema; `oldest` is the lowest version that may serve beside it. */
async function newerFile(oldest: number): Promise<string> {
  const path = temporaryFile();
  await (await openSqliteStore({ path, clock })).close();
  const database = new DatabaseSync(path);
  database.exec(`update schema_version set version = ${MIGRATIONS.length + 1}, oldest = ${oldest};
    alter table certificates add column of_the_next_version text;
    create index of_the_next_version on certificates (of_the_next_version)`);
  database.close();
  return path;
}

test('a file that a newer version has extended is used, with a warning, and left in its version', async () => {
  const path = await newerFile(MIGRATIONS.length);
  const warnings: string[] = [];
  for (const claimed of [undefined, true] as const) {
    const store = await openSqliteStore({
      path,
      clock,
      warn: (message) => warnings.push(message),
      ...(claimed && { claimed }),
    });
    await store.recordIssued(issuanceFor(claimed ? 1 : 2));
    await store.close();
  }
  const [newer, known] = [MIGRATIONS.length + 1, MIGRATIONS.length];
  const warning = `store ${path}: a newer version of openndes has extended it (schema ${newer}; this one knows ${known}), and this one can serve beside it. Upgrade this one too`;
  assert.deepEqual(warnings, [warning, warning]);
  assert.equal(hasCurrentSchema(path), true);
  const after = new DatabaseSync(path);
  assert.deepEqual(
    { ...after.prepare('select version, oldest from schema_version').get() },
    { version: newer, oldest: known },
  );
  assert.equal(after.prepare('select count(*) as n from certificates').get()?.['n'], 2);
  after.close();
});

test('a file of a newer version is refused and left as it is', async () => {
  const path = await newerFile(MIGRATIONS.length + 1);
  assert.equal(hasCurrentSchema(path), false);
  const [newer, known] = [MIGRATIONS.length + 1, MIGRATIONS.length];
  const words = new RegExp(`newer version of openndes \\(schema ${newer}; this one knows ${known}\\)`);
  await refuses(path, words, /restore the backup/);
  const after = new DatabaseSync(path);
  assert.equal(after.prepare('select version from schema_version').get()?.['version'], MIGRATIONS.length + 1);
  after.close();
});

test('migrations that were applied are not applied again', async () => {
  const path = temporaryFile();
  const schemaOf = () => {
    const database = new DatabaseSync(path);
    const schema = database.prepare('select sql from sqlite_schema order by rowid').all();
    const versions = database.prepare('select * from schema_version').all();
    database.close();
    return { schema, versions: versions.map((row) => ({ ...row })) };
  };
  await (await openSqliteStore({ path, clock })).close();
  const first = schemaOf();
  assert.deepEqual(first.versions, [{ id: 1, version: MIGRATIONS.length, oldest: OLDEST_BESIDE }]);
  await (await openSqliteStore({ path, clock })).close();
  assert.deepEqual(schemaOf(), first);
});

test('what an older version recorded is found by its new keys', async () => {
  const path = temporaryFile();
  const database = openDatabase(path);
  const engine = sqliteEngine(database, path);
  for (const migration of MIGRATIONS.slice(0, 2)) await engine.alone((db) => migration(db, engine.dialect));
  database.exec(`
    create table schema_version (id integer primary key, version integer not null);
    insert into schema_version values (1, 2);
    insert into certificates (serial, endpoint, transaction_id, subject, subject_folded, issuer, thumbprint, der,
      not_before, not_after, state, issued_at)
      values ('aa', '/scep', 'T1', 'CN=a', 'cn=a', 'CN=CA', 'AB', x'30', 0, 1, 'delivered', 0);
    insert into audit (at, event, endpoint, transaction_id, serial) values (0, 'issued', '/scep', 'T1', 'aa');
    insert into audit (at, event, endpoint, transaction_id) values (1, 'pending', '/scep', 'T2')`);
  const insert = database.prepare(`insert into transactions
    (key, endpoint, transaction_id, signer, subject, state, created_at, updated_at) values (?, ?, ?, ?, '', ?, 0, 0)`);
  // More than one page of them.
  const old = (n: number): string => String(n).padStart(64, '0');
  for (let n = 0; n < 1500; n++) insert.run(old(n), '/scep', `T${n}`, 'signer', 'approved');

  await migrate(engine, path);
  const store = createStore(engine, clock);
  for (const n of [0, 999, 1000, 1499]) {
    const key = pollKey('/scep', `T${n}`, 'signer') + old(n);
    assert.equal((await store.findTransaction(key))?.transactionId, `T${n}`);
    assert.equal((await store.findPolled(pollKey('/scep', `T${n}`, 'signer')))?.key, key);
  }
  assert.deepEqual(
    (await store.findCertificatesBySerial('aa')).map(({ subject }) => subject),
    ['CN=a'],
  );
  await store.close();
});

test('a migration that fails leaves nothing behind', async () => {
  const path = temporaryFile();
  mkdirSync(dirname(path), { recursive: true });
  const foreign = new DatabaseSync(path);
  foreign.exec('create table audit (entry text)');
  foreign.close();
  chmodSync(path, 0o600);
  await refuses(path, /table "audit" already exists/, /Name a file/);
  const after = new DatabaseSync(path);
  assert.deepEqual(
    after
      .prepare('select name from sqlite_schema')
      .all()
      .map(({ name }) => name),
    ['audit'],
  );
  after.close();
});

test('a one-time password is in no file of the store', async () => {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock });
  await store.addChallenge({ endpoint: '/scep', password: '0123456789ABCDEF', createdAt: NOON, expiresAt: NOON }, 1);
  assert.ok(await store.findChallenge('/scep', '0123456789ABCDEF'));
  for (const file of readdirSync(dirname(path)))
    assert.ok(!readFileSync(join(dirname(path), file)).includes('0123456789ABCDEF'), file);
  await store.close();
});

for (const settle of ['acknowledgeNotification', 'abandonNotification'] as const)
  test(`${settle}: no octet of the CSR stays in the file`, async () => {
    const path = temporaryFile();
    const store = await openSqliteStore({ path, clock });
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const claims = new Map<number, WorkClaim>();
    for (const n of numbers) {
      const result = await store.recordIssued(
        issuanceFor(n, { notification: 'strict', consumes: `challenge in clear ${n}` }),
      );
      if (result.kind === 'recorded' && result.notification) claims.set(n, result.notification);
    }
    const traces = (n: number): string[] => {
      const base64 = Buffer.from(csrFor(n)).toString('base64');
      const pieces = Array.from({ length: Math.floor(base64.length / 12) }, (_, at) =>
        base64.slice(at * 12, at * 12 + 12),
      );
      return [...pieces, `challenge in clear ${n}`];
    };
    const checkpointed = () => {
      const database = new DatabaseSync(path);
      database.exec('pragma wal_checkpoint(truncate)');
      database.close();
      return readFileSync(path, 'latin1') + (existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`, 'latin1') : '');
    };
    assert.ok(checkpointed().includes(traces(7)[0] ?? ''), 'the search finds what is there');

    for (const n of numbers) assert.equal(await store[settle](claims.get(n)!, auditFor(n, 'notified')), true);
    const octets = checkpointed();
    for (const n of numbers)
      assert.deepEqual(
        traces(n).filter((piece) => octets.includes(piece)),
        [],
        `CSR ${n}`,
      );
    await store.close();
  });

test('what a read shows is committed', { timeout: 10_000 }, async () => {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock });
  const other = new DatabaseSync(path, { readOnly: true });
  const issuances = Array.from({ length: 20 }, (_, n) => issuanceFor(n));
  const writes = issuances.map((issuance) => store.recordIssued(issuance));
  const { key } = issuances[0]?.transaction ?? { key: '' };
  while (!(await store.findTransaction(key))) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(other.prepare('select count(*) as n from transactions').get()?.['n'], 20);
  await Promise.all(writes);
  other.close();
  await store.close();
});

test('a backup holds what was committed, is private, and opens as a store', async () => {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock });
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  await Promise.all(numbers.map((n) => store.recordIssued(issuanceFor(n))));
  const target = temporaryFile();
  const [, ...later] = await Promise.all([
    store.backup(target),
    ...numbers.map((n) => store.recordIssued(issuanceFor(1_000 + n))),
  ]);
  assert.equal(later.length, 100);
  assert.equal(permissions(target), '600');
  await store.close();

  const copy = await openSqliteStore({ path: target, clock });
  for (const n of numbers) assert.ok(await copy.findCertificate(certificateId(n)));
  await copy.close();
});

test('a store in memory says that it cannot be copied', async () => {
  const store = await openSqliteStore({ path: ':memory:', clock });
  await assert.rejects(store.backup(temporaryFile()), /memory cannot be copied/);
  await store.close();
});

test('a full disk: check() and writes fail with the remedy, nothing acknowledged is lost, and it goes on afterwards', async () => {
  const path = temporaryFile();
  const database = openDatabase(path);
  const engine = sqliteEngine(database, path);
  await migrate(engine, path);
  const store = createStore(engine, clock);
  await store.recordIssued(issuanceFor(0));
  database.exec('pragma max_page_count = 1');
  const numbers = Array.from({ length: 60 }, (_, n) => n + 1);
  const results = await Promise.allSettled(numbers.map((n) => store.recordIssued(issuanceFor(n))));
  const failed = results.filter((result) => result.status === 'rejected');
  assert.ok(failed.length > 0);
  for (const { reason } of failed)
    assert.match(String(reason), /store .*store\.db: database or disk is full\. .*Free some space/);
  for (const [index, { status }] of results.entries()) {
    const found = await store.findTransaction(issuanceFor(index + 1).transaction.key);
    assert.equal(found !== undefined, status === 'fulfilled');
  }
  database.exec('pragma max_page_count = 1000000');
  assert.equal((await store.recordIssued(issuanceFor(100))).kind, 'recorded');
  assert.ok(await store.findCertificate(certificateId(0)));
  assert.equal((await store.listAudit({})).length, (await store.listCertificates({})).length);
  await store.close();
});

test('check() fails when the file cannot be written', async () => {
  const database = openDatabase(temporaryFile());
  const engine = sqliteEngine(database, 'store.db');
  await migrate(engine, 'store.db');
  const store = createStore(engine, () => later(0));
  database.exec('pragma query_only = on');
  await assert.rejects(store.check(), /store store\.db: attempt to write a readonly database\. .*write access/);
  database.exec('pragma query_only = off');
  await store.check();
  await store.close();
});

test('a read that fails after the commit does not turn an issuance into an error', async (context) => {
  const engine = sqliteEngine(openDatabase(':memory:'), ':memory:');
  await migrate(engine, ':memory:');
  const store = createStore(engine, clock);
  const reads = context.mock.method(engine.db.getExecutor(), 'executeQuery', () =>
    Promise.reject(new Error('disk I/O error')),
  );
  assert.equal((await store.recordIssued(issuanceFor(1))).kind, 'recorded');
  await assert.rejects(store.findCertificate(certificateId(1)), /disk I\/O error/);
  reads.mock.restore();
  assert.equal((await store.recordIssued(issuanceFor(2))).kind, 'recorded');
  assert.ok(await store.findCertificate(certificateId(1)));
  await store.close();
});

test('a copy is of the moment at which it begins: what is written meanwhile does not make SQLite begin again', async () => {
  const path = temporaryFile();
  const database = openDatabase(path);
  database.exec('create table filling (n integer, octets blob); create table counter (n integer); begin');
  const fill = database.prepare('insert into filling values (?, randomblob(4000))');
  for (let each = 0; each < 2_000; each++) fill.run(each);
  database.exec('insert into counter values (0); commit');
  const target = `${path}.copy`;
  const copying = copySqlite(path, target);
  database.exec('update counter set n = 1');
  await copying;
  database.close();
  assert.equal(faultOf(target), undefined);
  const copied = new DatabaseSync(target, { readOnly: true });
  assert.equal(copied.prepare('select n from counter').get()?.['n'], 0);
  assert.equal(copied.prepare('select count(*) as n from filling').get()?.['n'], 2_000);
  copied.close();
});

test('the rows of an endpoint that are too many are counted in pieces, and requests have their turn in between', async () => {
  const store = await openSqliteStore({ path: ':memory:', clock });
  const attempts = Array.from({ length: 25_003 }, (_, n) => ({
    ...attemptFor(1, { names: [], transactionId: undefined }),
    at: later(n),
    endpoint: n % 5_000 === 0 ? '/other' : '/scep',
  }));
  await store.recordAttempts(attempts);
  let turns = 0;
  let counting = true;
  const turn = (): void => {
    turns++;
    if (counting) setImmediate(turn);
  };
  setImmediate(turn);
  const removed = await store.trimEndpoints(24_997);
  counting = false;
  assert.equal(removed, 0);
  assert.ok(turns >= 2, `${turns} turns`);
  assert.equal(await store.trimEndpoints(20_000), 4_997);
  assert.equal((await store.findAttempts({ endpoint: '/scep', limit: 30_000 })).length, 20_000);
  assert.equal((await store.findAttempts({ endpoint: '/other', limit: 30_000 })).length, 6);
  await store.close();
});
