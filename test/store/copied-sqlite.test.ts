/** An SQLite store while it is copied: nothing writes to it, and all of it can be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCopiedSqlite } from '../../src/store/copied-sqlite.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { claimSqlite } from '../../src/store/sqlite-claim.ts';
import { issuanceFor, NOON } from '../../src/testing/store-samples.ts';
import { temporaryFile } from './temporary.ts';

const open = (path: string) => openSqliteStore({ path, clock: () => NOON });

async function filled(): Promise<string> {
  const path = temporaryFile();
  const store = await open(path);
  await store.recordIssued(issuanceFor(1));
  await store.close();
  return path;
}

test('neither a server nor a command writes to it, until it is closed', async () => {
  const path = await filled();
  const copied = await openCopiedSqlite(path);
  assert.throws(() => claimSqlite(path), /belongs to another server that is running/);
  await assert.rejects(open(path), /database is locked/);
  assert.equal((await copied.db.selectFrom('certificates').selectAll().execute()).length, 1);
  await copied.close();
  const store = await open(path);
  assert.equal((await store.recordIssued(issuanceFor(2))).kind, 'recorded');
  await store.close();
  claimSqlite(path).release();
});

test('while a server runs on it, it is not opened, and one sentence says why', async () => {
  const path = await filled();
  const { release } = claimSqlite(path);
  await assert.rejects(openCopiedSqlite(path), {
    name: 'ConfigError',
    message: `store: ${path} is used by a server that is running`,
    remedy: 'Stop it first: what it writes from now on would not be in the copy.',
  });
  release();
  await (await openCopiedSqlite(path)).close();
});
