/** What can hold a challenge is sealed in the database: nothing of it is in its files, and only a server with the key reads it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PostgresPlace } from '../../src/core/postgres-place.ts';
import type { Store } from '../../src/core/store.ts';
import { issuanceFor, later, pendingFor, pollOf } from '../../src/testing/store-samples.ts';
import { cluster } from '../kit/postgres-cluster.ts';
import { opened, refusalOf } from '../kit/postgres-opening.ts';

const server = await cluster({ version: 15, settings: { autovacuum: 'off' } });
const [key, another, third] = [randomBytes(32), randomBytes(32), randomBytes(32)];

const newPlace = async (): Promise<PostgresPlace> => server.place(await server.database());
/** Begins as DER does. */
const csrWith = (challenge: string): Uint8Array => Buffer.from(`0 a request with ${challenge} in it`);

/** A request that waits, one for which the CA was asked, and a notification. */
async function filled(store: Store, challenge: string): Promise<void> {
  const { transaction, audit } = pendingFor(1);
  await store.recordPending({ transaction: { ...transaction, csr: csrWith(challenge) }, audit });
  const asked = pendingFor(2, { reason: 'issuer' });
  const issuance = { notify: 'none', reference: 'order 2', retryAt: later(60), consumes: challenge } as const;
  await store.recordPending({ ...asked, transaction: { ...asked.transaction, csr: csrWith(challenge), issuance } });
  const { notification, ...issued } = issuanceFor(3, { notification: 'outbox' });
  assert.ok(notification);
  const sent = { ...notification, notification: { ...notification.notification, csr: csrWith(challenge) } };
  await store.recordIssued({ ...issued, notification: sent });
}

/** Asserts that all of it is returned as it was handed over. Ends the notification's lease. */
async function assertReadable(store: Store, challenge: string): Promise<void> {
  const [waiting, asked] = [await store.findPolled(pollOf(1)), await store.findPolled(pollOf(2))];
  assert.deepEqual(waiting?.csr && Buffer.from(waiting.csr), csrWith(challenge));
  assert.equal(asked?.issuance?.consumes, challenge);
  const [claimed] = await store.claimNotifications({ owner: 'test', leaseMs: 1000, mode: 'outbox', limit: 10 });
  assert.deepEqual(claimed && Buffer.from(claimed.notification.csr), csrWith(challenge));
  if (claimed) await store.postponeNotification(claimed, later(0));
}

/** The names of the files of the cluster that have this text, or a part of it in base64. */
async function filesWith(text: string): Promise<string[]> {
  await server.sql('checkpoint');
  // In base64 the first and the last octets depend on what is beside them.
  const forms = [text, ...[0, 1, 2].map((from) => Buffer.from(text.slice(from)).toString('base64').slice(0, -4))];
  const folder = join(server.folder, 'data');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(folder, name);
    if (!statSync(path).isFile()) return false;
    const content = readFileSync(path);
    return forms.some((form) => content.includes(form));
  });
}

test('no file of the database has a challenge, also after its row was deleted', async () => {
  const plain = await opened(await newPlace());
  await filled(plain, 'CHALLENGE-WITHOUT-A-KEY');
  await plain.close();
  assert.notDeepEqual(await filesWith('CHALLENGE-WITHOUT-A-KEY'), []);

  const store = await opened(await newPlace(), { secretsKeys: [key] });
  await filled(store, 'CHALLENGE-WITH-A-KEY');
  await assertReadable(store, 'CHALLENGE-WITH-A-KEY');
  await store.withdrawPending(pendingFor(1).transaction.key);
  await store.close();
  assert.deepEqual(await filesWith('CHALLENGE-WITH-A-KEY'), []);
});

test('another server with the same key reads it, and one without the key or with another one does not start', async () => {
  const place = await newPlace();
  const store = await opened(place, { secretsKeys: [key] });
  await filled(store, 'SHARED');
  await store.close();
  const beside = await opened(place, { secretsKeys: [key] });
  await assertReadable(beside, 'SHARED');
  await beside.close();
  assert.match(
    await refusalOf(place),
    /^store: the secrets in \S+ are sealed, and `store\.secretsKey` is missing\. Give it the key that the other servers/,
  );
  assert.match(
    await refusalOf(place, { secretsKeys: [another] }),
    /^store: `store\.secretsKey` is not the key with which the secrets in \S+ are sealed\. Give it the key/,
  );
});

test('a key is replaced: first beside the old one, then alone', async () => {
  const place = await newPlace();
  const old = await opened(place, { secretsKeys: [key] });
  await filled(old, 'ROTATED');
  await old.close();
  const both = await opened(place, { secretsKeys: [another, key], claimed: 'alone' });
  await assertReadable(both, 'ROTATED');
  await both.close();
  const alone = await opened(place, { secretsKeys: [another], claimed: 'alone' });
  await assertReadable(alone, 'ROTATED');
  await alone.close();
  assert.match(await refusalOf(place, { secretsKeys: [key] }), /is not the key with which/);
});

test('a server does not start while one secret is still sealed with a key that it does not have', async () => {
  const place = await newPlace();
  const late = await opened(place, { secretsKeys: [key, another] });
  await (await opened(place, { secretsKeys: [another, key], claimed: 'alone' })).close();
  await filled(late, 'LATE');
  await late.close();
  assert.match(
    await refusalOf(place, { secretsKeys: [another, third], claimed: 'alone' }),
    /is not the key with which/,
  );
});

test('what was recorded before there was a key is sealed at the first start with one', async () => {
  const place = await newPlace();
  const plain = await opened(place);
  await filled(plain, 'EARLIER');
  await plain.close();
  const store = await opened(place, { secretsKeys: [key], claimed: 'alone' });
  await assertReadable(store, 'EARLIER');
  await store.close();
  const rows = await server.sql<{ found: string }>(
    `select encode(csr, 'escape') || coalesce(issuance, '') as found from transactions where csr is not null`,
    place.database,
  );
  assert.equal(rows.length, 2);
  assert.doesNotMatch(JSON.stringify(rows), /EARLIER/);
});

test('a sealed request that was moved to another row is not opened', async () => {
  const place = await newPlace();
  const store = await opened(place, { secretsKeys: [key] });
  await filled(store, 'MOVED');
  await server.sql(
    `update transactions set csr = (select csr from transactions where subject = 'CN=device-1') where subject = 'CN=device-2'`,
    place.database,
  );
  await assert.rejects(store.findPolled(pollOf(2)), /unable to authenticate data/);
  await store.close();
});

test('a deadlock with another transaction does not end the start: what it undid is sealed again', async () => {
  const place = await newPlace();
  const store = await opened(place, { secretsKeys: [key] });
  for (const n of [1, 2]) await store.recordIssued(issuanceFor(n, { notification: 'outbox' }));
  await store.close();
  // Takes the last row, and the first one when the start waits for the last. It is not the one that PostgreSQL ends.
  const crossing = server.sql(
    `set deadlock_timeout = '60s';
    do $$ begin
      update notifications set fence = fence where id = (select max(id) from notifications);
      for tries in 1..200 loop
        exit when exists (select from pg_locks where not granted);
        perform pg_sleep(0.05);
      end loop;
      update notifications set fence = fence where id = (select min(id) from notifications);
    end $$`,
    place.database,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  const [started] = await Promise.all([opened(place, { secretsKeys: [another, key], claimed: 'replicas' }), crossing]);
  await started.close();
  const deadlocks = async (): Promise<number | undefined> => {
    const query = `select deadlocks::int as count from pg_stat_database where datname = '${place.database}'`;
    return (await server.sql<{ count: number }>(query))[0]?.count;
  };
  // PostgreSQL counts some time later.
  for (let tries = 0; (await deadlocks()) === 0 && tries < 50; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await deadlocks(), 1);
  const alone = await opened(place, { secretsKeys: [another], claimed: 'alone' });
  assert.equal((await alone.claimNotifications({ owner: 'x', leaseMs: 1, mode: 'outbox', limit: 9 })).length, 2);
  await alone.close();
});

const SHARED = 'ra/issuing';
/** The content of the shared secret, and that it can be written. */
async function rewritten(store: Store, content: string): Promise<string> {
  const found = await store.readSecret(SHARED);
  assert.ok(await store.writeSecret({ name: SHARED, version: (found?.version ?? 0) + 1, value: Buffer.from(content) }));
  return Buffer.from(found?.value ?? '').toString();
}

test('a key is replaced while two servers run: [OLD, NEW] at each, then [NEW, OLD] at each, then NEW', async () => {
  const place = await newPlace();
  const start = (...secretsKeys: [Uint8Array, ...Uint8Array[]]) => opened(place, { secretsKeys, claimed: 'replicas' });
  let [a, b] = [await start(key), await start(key)];
  await filled(a, 'REPLACED');
  await rewritten(a, 'of a');
  const bothServe = async (): Promise<void> => {
    for (const store of [a, b]) await assertReadable(store, 'REPLACED');
    assert.equal(await rewritten(b, 'of b'), 'of a');
    assert.equal(await rewritten(a, 'of a'), 'of b');
  };
  await bothServe();
  for (const keys of [[key, another], [another, key], [another]] as [Uint8Array, ...Uint8Array[]][]) {
    await a.close();
    a = await start(...keys);
    await bothServe();
    await b.close();
    b = await start(...keys);
    await bothServe();
  }
  await Promise.all([a.close(), b.close()]);
  assert.match(await refusalOf(place, { secretsKeys: [key] }), /is not the key with which/);
});

test('a secret that servers share is sealed: no file has it, and it is opened in its own row only, sealed again by the next key', async () => {
  const place = await newPlace();
  const store = await opened(place, { secretsKeys: [key] });
  const written = { version: 1, value: Buffer.from('THE-KEY-OF-AN-RA') };
  await store.writeSecret({ ...written, name: SHARED });
  await store.writeSecret({ ...written, name: 'ra/another' });
  assert.deepEqual(await filesWith('THE-KEY-OF-AN-RA'), []);
  const change = (value: string) =>
    server.sql(`update secrets set value = ${value} where name = '${SHARED}'`, place.database);
  await change(`(select value from secrets where name = 'ra/another')`);
  await assert.rejects(store.readSecret(SHARED), /unable to authenticate data/);
  await change(`'${Buffer.from('THE-KEY-OF-A-THIEF').toString('base64')}'`);
  await assert.rejects(store.readSecret(SHARED), /^Error: secret ra\/issuing is not sealed: no server wrote it\.$/);
  // Nor does the next start seal it.
  const next = await opened(place, { secretsKeys: [another, key], claimed: 'replicas' });
  await assert.rejects(next.readSecret(SHARED), /is not sealed/);
  assert.deepEqual(Buffer.from((await next.readSecret('ra/another'))?.value ?? ''), written.value);
  await Promise.all([store.close(), next.close()]);
  const alone = await opened(place, { secretsKeys: [another] });
  assert.deepEqual(Buffer.from((await alone.readSecret('ra/another'))?.value ?? ''), written.value);
  await alone.close();
});
