/** Two processes on one file, and a process that is killed while it writes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { issuanceFor, NOON } from '../../src/testing/store-samples.ts';
import { temporaryFile } from './temporary.ts';

function start(context: TestContext, task: 'race' | 'write', path: string, name = '') {
  const child = spawn(process.execPath, [`${import.meta.dirname}/child.ts`, task, path, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string | undefined> => {
    const { done, value } = await lines.next();
    return done ? undefined : value;
  };
  return { child, nextLine, go: () => child.stdin.write('go\n') };
}

const ended = (child: ChildProcess) => (child.exitCode ?? child.signalCode) !== null || once(child, 'exit');

test('two processes open a new file together, and between them one issuance per key and per challenge is recorded', async (context) => {
  const path = temporaryFile();
  const children = [start(context, 'race', path, 'first'), start(context, 'race', path, 'second')];
  for (const { nextLine } of children) assert.equal(await nextLine(), 'open');
  for (const { go } of children) go();
  const kinds: string[] = [];
  for (const { nextLine } of children) kinds.push(...(JSON.parse((await nextLine()) ?? '') as string[]));
  for (const { child } of children) await ended(child);

  const count = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
  assert.deepEqual([count('recorded'), count('duplicate'), count('consumed')], [2 + 200, 39 + 200, 39]);
  const store = await openSqliteStore({ path, clock: () => NOON });
  assert.equal((await store.listCertificates({})).length, 202);
  await store.close();
});

test('after SIGKILL in the middle of writing, everything acknowledged is there, whole, and the file is intact', async (context) => {
  const path = temporaryFile();
  const { child, nextLine, go } = start(context, 'write', path);
  assert.equal(await nextLine(), 'open');
  go();
  const acknowledged: number[] = [];
  while (acknowledged.length < 500) acknowledged.push(Number(await nextLine()));
  child.kill('SIGKILL');
  for (let line = await nextLine(); line !== undefined; line = await nextLine()) acknowledged.push(Number(line));
  await ended(child);
  assert.equal(child.signalCode, 'SIGKILL');

  const store = await openSqliteStore({ path, clock: () => NOON });
  for (const n of acknowledged) {
    const { transaction, certificate } = issuanceFor(n, { notification: 'strict' });
    assert.deepEqual((await store.findTransaction(transaction.key))?.certificate, certificate, `issuance ${n}`);
    assert.equal((await store.recordIssued(issuanceFor(1e9, { consumes: `challenge-${n}` }))).kind, 'consumed');
  }
  // What was written and not acknowledged is whole too: nothing of an issuance without the rest of it.
  const certificates = await store.listCertificates({});
  assert.equal((await store.listAudit({})).length, certificates.length);
  const claim = { owner: 'after', leaseMs: 1, mode: 'strict', limit: 1e9 } as const;
  assert.equal((await store.claimNotifications(claim)).length, certificates.length);
  await store.close();

  const database = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual({ ...database.prepare('pragma integrity_check').get() }, { integrity_check: 'ok' });
  assert.deepEqual(database.prepare('pragma foreign_key_check').all(), []);
  database.close();
});
