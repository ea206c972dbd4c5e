/** `store check` on PostgreSQL: what it says of a database in order, with servers that write meanwhile, and of each thing that is wrong. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '../../src/embed/system.ts';
import type { Store } from '../../src/core/store.ts';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { auditFor, failureNotificationFor } from '../../src/testing/store-samples.ts';
import { fields, run } from '../app/installation.ts';
import { certifiedIssuance, fillStore } from '../kit/certified-samples.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { file } from '../wiring/files.ts';
import { configured } from '../wiring/server.ts';

const server = await cluster({ version: 15, settings: { fsync: 'off' } });
const PASSWORD = file('password', ROLE.password);
const [key, another] = [randomBytes(32), randomBytes(32)];
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

type Place = { database: string; check: (...args: string[]) => ReturnType<typeof run>; open: () => Promise<Store> };

/** A database, empty or with what `fillStore` records, whose store is sealed with `key`; checked with these keys. */
async function place(keys: readonly Uint8Array[] = [key]): Promise<Place> {
  const database = await server.database();
  const url = `postgres://openndes@127.0.0.1:${server.port}/${database}`;
  const secretsKey = keys.map((each) => file(`key-${base64(each).replaceAll('/', '-')}`, base64(each)));
  const config = configured({
    store: {
      url,
      password: `\${file:${PASSWORD}}`,
      ...(keys.length > 0 && { secretsKey: secretsKey.map((path) => `\${file:${path}}`) }),
    },
  });
  return {
    database,
    check: (...args) => run('store', 'check', ...args, '--config', config),
    open: () =>
      openPostgresStore({
        place: server.place(database),
        password: () => ROLE.password,
        clock: systemClock,
        random: Math.random,
        sealing: { keys: [key], random: randomBytes },
      }),
  };
}

async function filled(keys?: readonly Uint8Array[]): Promise<Place> {
  const made = await place(keys);
  const store = await made.open();
  await fillStore(store);
  await store.close();
  return made;
}

const COUNTS =
  'certificates 4, transactions 5, notifications 1, revocations 1, audit 6, names 12, serials 4, secrets 2';

test('a database in order', async () => {
  const { check } = await filled();
  assert.deepEqual(await check(), { code: 0, out: `The store is in order (${COUNTS}).`, err: '' });
  assert.deepEqual((fields(await check('--json')) as { faults: unknown }).faults, []);
});

test('while servers issue, deliver and revoke, nothing that is half-way is a fault', async () => {
  const { check, open } = await filled();
  const store = await open();
  const work = { done: false };
  const servers = (async () => {
    for (let n = 10; !work.done && n < 250; n++) {
      const issuance = await certifiedIssuance(n, 'strict');
      const result = await store.recordIssued(issuance);
      assert.ok(result.kind === 'recorded' && result.notification);
      await store.acknowledgeNotification(result.notification, auditFor(n, 'delivered'));
      await store.revoke(issuance.certificate, 'superseded', auditFor(n, 'revoked'));
    }
  })();
  for (let times = 0; times < 8; times++) {
    const { code, out } = await check();
    assert.equal(code, 0, out);
  }
  work.done = true;
  await servers;
  await store.close();
});

/** What is done to the database, and what is said of it. */
const DAMAGES: Readonly<Record<string, [sql: string, said: RegExp]>> = {
  'another serial number': [
    "update certificates set serial = '0f' where serial = '01'; update serials set serial = '0f' where serial = '01'",
    /^certificate 0f \(row \d+\) does not agree with its octets: serial number\. Keep a copy of the store, and restore/,
  ],
  'octets of nothing': [
    "update certificates set der = '\\x3003020101' where serial = '01'",
    /^certificate 01 \(row \d+\) has octets that are not a certificate\./,
  ],
  'no serial number': [
    "delete from serials where serial = '01'",
    /^certificate 01 \(row \d+\) is not found by its serial number, or by what it renews\. Keep a copy/,
  ],
  'a serial number of nothing': [
    "insert into serials (certificate_id, issuer, serial) values (99, 1, '99')",
    /^serial number 99 is of the certificate of row 99, which is not there\. Keep a copy/,
  ],
  'no revocation': [
    'delete from revocations',
    /^certificate 02 \(row \d+\) is revoked and on no revocation list\. Keep a copy/,
  ],
  'no notification of what waits for one': [
    'delete from notifications',
    /^certificate 03 \(row \d+\) waits to be delivered, and no notification decides about it\. Revoke it/,
  ],
  'an entry about nothing': [
    "update audit set certificate_id = 99 where event = 'revoked'",
    /^entry \d+ \(revoked\) is about the certificate of row 99, which is not there\./,
  ],
  'a name of nothing': [
    "update names set certificate_id = 99 where value = 'device-1'",
    /^name cn:device-1 is of the certificate of row 99, which is not there\./,
  ],
  'a request that is moved to another row': [
    "update transactions set key = reverse(key) where state = 'pending'",
    /^transaction transaction-5 \(row \d+\) has a secret that `store\.secretsKey` does not open\. Add the key .* or let the device ask anew/,
  ],
};

for (const [what, [sql, said]] of Object.entries(DAMAGES))
  test(`${what}: one sentence with what to do, and exit 1`, async () => {
    const { check, database } = await filled();
    await server.sql(sql, database);
    const { code, out, err } = await check();
    const lines = out.split('\n');
    assert.deepEqual({ code, err, number: lines.length }, { code: 1, err: '', number: 2 }, out);
    assert.match(lines[0] ?? '', said);
    assert.match(lines[1] ?? '', /^1 thing is wrong \(certificates 4, /);
  });

test('a secret that was sealed with a key that is no longer given is named, and those of other keys are not', async () => {
  const { check, database, open } = await filled([another, key]);
  const store = await open();
  await store.recordNotification(failureNotificationFor(7));
  await store.close();
  assert.equal((await check()).code, 0);
  // As if one row was written by a server with a third key: the id of a key is the second octet and those after it.
  await server.sql(
    `update notifications set payload = jsonb_set(payload::jsonb, '{csr}', to_jsonb(
      replace(encode(overlay(decode(payload::jsonb->>'csr', 'base64') placing '\\x0000000000000000' from 2), 'base64'), E'\\n', '')))::text
      where payload like '%"failure"%'`,
    database,
  );
  const { code, out } = await check();
  assert.equal(code, 1, out);
  assert.match(
    out,
    /^notification \d+ has a secret that `store\.secretsKey` does not open\. Add the key with which it was sealed, as `\[NEW, OLD\]`; or give it up with `openndes notifications drop \d+`\.\n1 thing is wrong/,
  );
});

test('the RA of replicas is opened too: one that was moved to another row, or is not sealed, is named', async () => {
  const { check, database, open } = await filled();
  const store = await open();
  for (const name of ['ra/issuing', 'ra/other'])
    await store.writeSecret({ name, version: 1, value: Buffer.from('[]') });
  await store.close();
  assert.deepEqual(await check(), {
    code: 0,
    out: `The store is in order (${COUNTS.replace('secrets 2', 'secrets 4')}).`,
    err: '',
  });
  for (const value of [
    "(select value from secrets where name = 'ra/other')",
    `'${Buffer.from('[]').toString('base64')}'`,
  ]) {
    await server.sql(`update secrets set value = ${value} where name = 'ra/issuing'`, database);
    const { code, out } = await check();
    assert.equal(code, 1, out);
    assert.match(
      out,
      /^secret ra\/issuing has a secret that `store\.secretsKey` does not open\. Add the key .* or stop every server and delete the row: the next start makes another RA\.\n1 thing is wrong/,
    );
  }
});

test('without the key, or with another one, exit 78 says so, and nothing is examined', async () => {
  for (const keys of [[], [another]]) {
    const { check } = await filled(keys);
    const { code, out, err } = await check();
    assert.deepEqual({ code, out }, { code: 78, out: '' });
    assert.match(
      err,
      /^store: (the secrets in \S+ are sealed, and `store\.secretsKey` is missing|`store\.secretsKey` is not the key)/,
    );
  }
});

test('a database without tables, or of another version, is not changed, and exit 78 says so', async () => {
  const { check, database } = await place();
  const { code, out, err } = await check();
  assert.deepEqual({ code, out }, { code: 78, out: '' });
  assert.match(
    err,
    /^store: \S+ has no tables, or those of another version of openndes\nCheck it with that version, or start/,
  );
  assert.deepEqual(await server.sql("select tablename from pg_tables where schemaname = 'public'", database), []);
});

test('a table of several pages', async () => {
  const { check, open } = await filled();
  const store = await open();
  for (let n = 1_000; n < 1_700; n += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.recordNotification(failureNotificationFor(n + i))));
  await store.close();
  assert.match((await check()).out, /^The store is in order \(.*notifications 701, .* secrets 702\)\.$/);
});

test('a fault of the database in the middle: one sentence, the remedy once, and exit 1', async () => {
  const { check, database } = await filled();
  await server.sql('alter table names owner to postgres', database);
  const { code, out, err } = await check();
  assert.deepEqual({ code, out }, { code: 1, out: '' });
  assert.match(
    err,
    /^store postgres:\S+: permission denied for table names \(42501\)\. Make the role the owner of each table: [^\n]+$/,
  );
});
