/** `openndes backup` of an installation on PostgreSQL: the database is in the archive, and pg_restore brings it back. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { certificateId, issuanceFor } from '../../src/testing/store-samples.ts';
import { installed, run } from '../app/installation.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';

const server = await cluster({ version: 15, settings: { fsync: 'off' } });
const BIN = '/usr/lib/postgresql/15/bin';

const urlOf = (database: string): string =>
  `postgres://${ROLE.user}:${encodeURIComponent(ROLE.password)}@127.0.0.1:${server.port}/${database}`;

/** With programs of this folder alone. */
async function withPath<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  try {
    return await work();
  } finally {
    process.env['PATH'] = before;
  }
}

test('a backup holds the database as pg_dump writes it, and a missing, old or failing pg_dump is named', async (t) => {
  const database = await server.database();
  const { cli, config, folder } = await installed(t, (text) => text.replace('sqlite:./openndes.db', urlOf(database)));
  const store = await openConfiguredStore(config);
  await recorded(store, issuanceFor(1));
  await store.close();

  const archive = join(folder, 'backup.tar');
  const made = await withPath(BIN, () => cli('backup', archive));
  assert.deepEqual([made.code, made.err], [0, '']);
  assert.match((await run('backup', 'verify', archive)).out, / is whole: 6 files, made /);
  const target = join(folder, 'restored');
  const restored = await run('restore', archive, target);
  assert.equal(restored.code, 0);
  assert.match(
    restored.out,
    /\nrestore the database into an empty one: pg_restore --no-owner --dbname=DATABASE .*restored\/database\.pgdump\nbefore the server starts, run: openndes store after-restore$/,
  );
  const dump = join(target, 'database.pgdump');
  assert.equal(readFileSync(dump).toString('latin1', 0, 5), 'PGDMP');

  const empty = await server.database();
  const env = { PGPASSWORD: ROLE.password };
  const place = ['-h', '127.0.0.1', '-p', String(server.port), '-U', ROLE.user, '-d', empty, '--no-owner'];
  execFileSync(join(BIN, 'pg_restore'), [...place, dump], { env });
  writeFileSync(config, readFileSync(config, 'utf8').replace(urlOf(database), urlOf(empty)));
  const again = await openConfiguredStore(config);
  assert.deepEqual((await again.findCertificate(certificateId(1)))?.subject, 'CN=device-1');
  const begun = await cli('store', 'after-restore');
  assert.match(
    begun.out,
    /^voided: 0 one-time passwords and 0 waiting requests;[^]*\nthe newest certificate that the store knows: [0-9a-f]+, CN=device-1, of /,
  );
  await again.close();

  const fake = join(folder, 'bin');
  mkdirSync(fake);
  const missing = await withPath(fake, () => cli('backup', join(folder, 'second.tar')));
  assert.equal(missing.code, 78);
  assert.match(missing.err, /cannot be copied: there is no `pg_dump` on the PATH\n.*apt-get install postgresql-client/);
  const says = (text: string): void => {
    writeFileSync(join(fake, 'pg_dump'), `#!/bin/sh\necho '${text}' >&2\nexit 1\n`);
    chmodSync(join(fake, 'pg_dump'), 0o755);
  };
  says('pg_dump: error: server version: 18.1; pg_dump version: 15.5');
  const old = await withPath(fake, () => cli('backup', join(folder, 'second.tar')));
  assert.match(old.err, /`pg_dump` is older than the server\n.*apt-get install postgresql-client-18/);
  says('pg_dump: error: connection refused');
  assert.match((await withPath(fake, () => cli('backup', join(folder, 'second.tar')))).err, /: connection refused\n/);
  assert.ok(!existsSync(join(folder, 'second.tar')));
});
