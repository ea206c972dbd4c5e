/** The chain over the history in PostgreSQL: every fault is found, and an entry that is committed late has its link. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import postgres from 'postgres';
import { openPostgresStore } from '../../src/store/postgres.ts';
import { auditFor, NOON } from '../../src/testing/store-samples.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';
import { chainFaults } from '../store/chain-faults.ts';

// None of the tests looks at the disk.
const server = await cluster({ version: 15, settings: { fsync: 'off' } });
const database = await server.database();
const place = server.place(database);
const open = () => openPostgresStore({ place, password: () => ROLE.password, random: () => 0.5, clock: () => NOON });
await (await open()).close();

chainFaults('PostgreSQL', async () => {
  await server.empty(database);
  const sql = async (text: string): Promise<void> => void (await server.sql(text, database));
  return { store: await open(), sql, octets: (hex) => `'\\x${hex}'` };
});

test('entries of a transaction that began first and was committed last have their links', async () => {
  await server.empty(database);
  const store = await open();
  const late = postgres({
    host: '127.0.0.1',
    port: server.port,
    database,
    user: ROLE.user,
    password: ROLE.password,
    max: 1,
  });
  const random = (length: number): Uint8Array => randomBytes(length);
  try {
    const held = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const committed = late.begin(async (sql) => {
      // A lower id than every one that the program makes today.
      await sql`insert into audit (id, at, event, endpoint, transaction_id, actor, source, detail)
        values (5, 0, 'revoked', '', '', 'person', 'cli', 'late')`;
      await sql`insert into audit_unchained (id) values (5)`;
      began.resolve();
      await held.promise;
    });
    await began.promise;
    for (const name of ['user:a', 'user:b'] as const)
      await store.addBlock({ name, at: NOON, by: 'ops' }, { ...auditFor(1, 'blocked'), detail: name });
    await store.chainAudit({ limit: 100, random });
    assert.equal((await store.chainEnd())?.number, 2);
    held.resolve();
    await committed;
    await store.chainAudit({ limit: 100, random });
    assert.deepEqual(
      (await store.listLinks({ after: 0, limit: 10 })).map(({ number, entry }) => [number, entry?.detail]),
      [
        [1, 'user:a'],
        [2, 'user:b'],
        [3, 'late'],
      ],
    );
    assert.deepEqual(await store.unchained(10), { waiting: 0, strays: [], gone: [] });
  } finally {
    await late.end();
    await store.close();
  }
});
