/** One server for one file, and the next one as soon as that is gone, be it killed. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { claimSqlite } from '../../src/store/sqlite-claim.ts';
import { temporaryFile } from './temporary.ts';

const refused = (path: string): void =>
  assert.throws(
    () => claimSqlite(path),
    (error) => error instanceof ConfigError && /belongs to another server/.test(error.message) && error.remedy !== '',
  );

test('a second claim is refused until the first is released; the store itself stays open to commands', async () => {
  const path = temporaryFile();
  const first = claimSqlite(path);
  refused(path);
  refused(path);
  const store = await openSqliteStore({ path, clock: () => new Date() });
  await store.check();
  await store.close();
  first.release();
  first.release();
  claimSqlite(path).release();
  if (process.platform !== 'win32') assert.equal(statSync(`${path}-server`).mode & 0o777, 0o600);
});

test('a lock that cannot be used for another reason is not taken for another server', () => {
  const path = temporaryFile();
  claimSqlite(path).release();
  writeFileSync(`${path}-server`, 'no database, but longer than its header'.repeat(100));
  assert.throws(() => claimSqlite(path), /file is not a database/);
});

test('a server that was killed holds nothing', async () => {
  const path = temporaryFile();
  claimSqlite(path).release();
  const script = join(path, '..', 'claim.mjs');
  const claim = new URL('../../src/store/sqlite-claim.ts', import.meta.url).href;
  writeFileSync(
    script,
    `import { claimSqlite } from ${JSON.stringify(claim)};
claimSqlite(${JSON.stringify(path)});
process.send('mine');
setInterval(() => {}, 1000);
`,
  );
  const child = fork(script);
  await once(child, 'message');
  refused(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  claimSqlite(path).release();
});

test('a store of an older version is not brought up to date under its server', async () => {
  const path = temporaryFile();
  const clock = (): Date => new Date();
  await (await openSqliteStore({ path, clock })).close();
  const database = new DatabaseSync(path);
  // Only the number: the step that would follow fails, because what it makes is there already.
  database.exec('update schema_version set version = version - 1');
  const server = claimSqlite(path);
  await assert.rejects(
    openSqliteStore({ path, clock }),
    (error) => error instanceof ConfigError && /an older version, and a server is running on it/.test(error.message),
  );
  server.release();
  await assert.rejects(openSqliteStore({ path, clock }), (error) => !/a server is running/.test(String(error)));
  claimSqlite(path).release();
  database.close();
});

test("a store in memory is everybody's own", () => {
  claimSqlite(':memory:');
  claimSqlite(':memory:').release();
});
