/** `store check`: what it says of a store in order, and of each thing that can be wrong with one. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/embed/system.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { fields, installed } from '../app/installation.ts';
import { fillStore } from '../kit/certified-samples.ts';

/** An installation whose store has a row of every kind: 1 delivered, 2 revoked, 3 not delivered yet, 4 renews 1, 5 waits. */
async function filled(t: TestContext) {
  const place = await installed(t);
  const path = join(place.folder, 'openndes.db');
  const store = await openSqliteStore({ path, clock: systemClock });
  await fillStore(store);
  await store.close();
  const sql = (text: string): void => {
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    database.exec(text);
    database.close();
  };
  return { ...place, path, sql };
}

const RESTORE =
  'Keep a copy of the store, and restore the last backup that `openndes store check` finds in order: the log has what happened since.';
const ROWS = { file: 1, certificates: 4, transactions: 5, notifications: 1, revocations: 1, audit: 6, names: 12 };
const COUNTS = 'certificates 4, transactions 5, notifications 1, revocations 1, audit 6, names 12';

test('a store in order, with the server and without it', async (t) => {
  const { cli, started } = await filled(t);
  assert.deepEqual(await cli('store', 'check'), { code: 0, out: `The store is in order (${COUNTS}).`, err: '' });
  assert.deepEqual(fields(await cli('store', 'check', '--json')), { rows: ROWS, faults: [], more: 0 });
  const { close } = await started();
  assert.equal((await cli('store', 'check')).code, 0);
  await close();
});

test('a store that is not there is in order, with a note', async (t) => {
  const { cli, folder } = await installed(t);
  assert.deepEqual(await cli('store', 'check'), {
    code: 0,
    out: 'The store is in order.',
    err: `note: there is no store at ${folder}/openndes.db yet; \`openndes serve\` creates it`,
  });
});

/** What is done to the store, and what is said of it. */
const DAMAGES: Readonly<Record<string, [sql: string, said: string]>> = {
  'another serial number': [
    "update certificates set serial = '0f' where id = 1",
    `certificate 0f (row 1) does not agree with its octets: serial number. ${RESTORE}`,
  ],
  'other facts': [
    "update certificates set subject = 'CN=x', thumbprint = 'AA', thumbprint_sha256 = 'aa', public_key_hash = 'aa', not_before = 1, not_after = not_after + 1000 where id = 1",
    `certificate 01 (row 1) does not agree with its octets: subject, SHA-1 thumbprint, SHA-256 thumbprint, key, notBefore, notAfter. ${RESTORE}`,
  ],
  'octets of nothing': [
    "update certificates set der = x'3003020101' where id = 1",
    'certificate 01 (row 1) has octets that are not a certificate. If an earlier version recorded it so, nothing: it is listed, and can be revoked by its serial number. Otherwise restore the last backup.',
  ],
  'no octets before the end': [
    'update certificates set der = null, not_after = 4102444800000 where id = 1',
    `certificate 01 (row 1) has no octets, although it has not ended. ${RESTORE}`,
  ],
  'no issuer': [
    'update certificates set issuer = 99 where id = 1',
    `certificate 01 (row 1) has the issuer 99, which is not there. ${RESTORE}`,
  ],
  'nothing that it renews': [
    'update certificates set renews = 99 where id = 4',
    `certificate 04 (row 4) renews row 99, which is not there. ${RESTORE}`,
  ],
  'no revocation': [
    'delete from revocations',
    `certificate 02 (row 2) is revoked and on no revocation list. ${RESTORE}`,
  ],
  'a revocation of another serial number': [
    "update revocations set serial = '0f'",
    `certificate 02 (row 2) is revoked and on no revocation list. ${RESTORE}`,
  ],
  'a revocation of a live certificate': [
    "update certificates set state = 'delivered' where id = 2",
    `certificate 02 (row 2) is on a revocation list and not revoked. ${RESTORE}`,
  ],
  'no compromised key': [
    "update certificates set revocation_reason = 'keyCompromise' where id = 2",
    'certificate 02 (row 2) was revoked for keyCompromise, and its key may be certified again. Block the key: `openndes block add key:HASH`, with the SHA-256 of its SubjectPublicKeyInfo.',
  ],
  'no notification of what waits for one': [
    'delete from notifications',
    'certificate 03 (row 3) waits to be delivered, and no notification decides about it. Revoke it with `openndes certs revoke`: no device has got it.',
  ],
  'no certificate of a transaction': [
    'update transactions set certificate_id = 99 where id = 1',
    `transaction transaction-1 (row 1) has the certificate of row 99, which is not there. ${RESTORE}`,
  ],
  'no certificate named by a transaction': [
    'update transactions set certificate_id = null where id = 1',
    `transaction transaction-1 (row 1) is issued, and has no certificate. ${RESTORE}`,
  ],
  'a certificate of what waits': [
    'update transactions set certificate_id = 1 where id = 5',
    `transaction transaction-5 (row 5) is pending, and has the certificate of row 1. ${RESTORE}`,
  ],
  'a notification that cannot be read': [
    "update notifications set payload = 'x'",
    'notification 1 cannot be read. Give it up with `openndes notifications drop 1`: it can tell nothing.',
  ],
  'a revocation of nothing': [
    'insert into revocations select 99, issuer, serial, revoked_at, reason, not_after, crl_shard from revocations',
    `revocation of 02 is of the certificate of row 99, which is not there. ${RESTORE}`,
  ],
  'an entry about nothing': [
    'update audit set certificate_id = 99 where id = 1',
    `entry 1 (issued) is about the certificate of row 99, which is not there. ${RESTORE}`,
  ],
  'a name of nothing': [
    "update names set certificate_id = 99 where value = 'device-1'",
    `name cn:device-1 is of the certificate of row 99, which is not there. ${RESTORE}`,
  ],
};

for (const [what, [sql, said]] of Object.entries(DAMAGES))
  test(`${what}: one sentence with what to do, and exit 1`, async (t) => {
    const { cli, sql: change } = await filled(t);
    change(sql);
    const { code, out, err } = await cli('store', 'check');
    const lines = out.split('\n');
    assert.deepEqual({ code, err, said: lines[0], number: lines.length }, { code: 1, err: '', said, number: 2 });
    assert.match(lines[1]!, /^1 thing is wrong \(certificates 4, /);
    const { faults } = fields(await cli('store', 'check', '--json')) as { faults: { row: string }[] };
    assert.equal(faults.length, 1);
    assert.ok(said.startsWith(faults[0]!.row));
  });

test('a notification without its certificate', async (t) => {
  const { cli, sql } = await filled(t);
  sql("update notifications set certificate_id = 99; update certificates set state = 'delivered' where id = 3");
  assert.match(
    (await cli('store', 'check')).out,
    /^notification 1 reports the certificate of row 99, which is not there/,
  );
  sql('update notifications set certificate_id = null');
  assert.match((await cli('store', 'check')).out, /^notification 1 reports a certificate, and names none\. Give it up/);
});

test('of many faults a thousand are shown, and the others are counted', async (t) => {
  const { cli, sql } = await filled(t);
  sql(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500)
    insert into names select 'cn', 'none-' || i, 1000 + i from n`);
  const { out } = await cli('store', 'check');
  assert.equal(out.split('\n').length, 1_001);
  assert.match(out, /\n2,500 things are wrong, of which 1,500 are not shown \(.*names 2,512\)\.$/);
  const { faults, more } = fields(await cli('store', 'check', '--json')) as { faults: unknown[]; more: number };
  assert.deepEqual([faults.length, more], [1_000, 1_500]);
});

test('a file that SQLite finds damaged is one fault, and no row is read', async (t) => {
  const { cli, path, sql } = await filled(t);
  sql('pragma wal_checkpoint(truncate)');
  const octets = readFileSync(path);
  // The root page of a table or index in the middle of the file.
  octets.fill(0xff, 4096 * 6, 4096 * 7);
  writeFileSync(path, octets);
  const { code, out } = await cli('store', 'check');
  assert.equal(code, 1);
  assert.match(
    out,
    /^\S+openndes\.db is damaged: .*\. The file is damaged\. Stop the server, keep a copy of the file, and restore the last backup\.\n1 thing is wrong\.$/,
  );
});

test('the store of another version is not upgraded for it, and exit 78 says so', async (t) => {
  const { cli, path, sql } = await filled(t);
  sql('update schema_version set version = 3');
  assert.deepEqual(await cli('store', 'check'), {
    code: 78,
    out: '',
    err:
      `store: ${path} was written by another version of openndes\n` +
      'Check it with that version, or start `openndes serve` of this one once, which upgrades an older store.',
  });
});
