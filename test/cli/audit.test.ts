/** `openndes audit`: verify, head and export, with and without a server, and the keys that are refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { fields, installed } from '../app/installation.ts';
import { until } from '../kit/until.ts';

const CONFIGURED = '\naudit:\n  key: audit.key.pem\n';

/** A history of two entries, `block add` twice, linked and signed by a server that has ended. `sql` goes past openndes. */
async function audited(t: TestContext, audit = CONFIGURED) {
  const place = await installed(t, (config) => config + audit);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(place.folder, 'audit.key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  writeFileSync(join(place.folder, 'audit.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const { close } = await place.started();
  for (const user of ['ada', 'eve'])
    assert.equal((await place.cli('block', 'add', `user:${user}@example.com`)).code, 0);
  const isDone = async () => (await place.cli('audit', 'verify')).out.includes('2 entries were read');
  await until(isDone, 'two links', { every: 200 });
  await close();
  const sql = (text: string): void => {
    const database = new DatabaseSync(join(place.folder, 'openndes.db'));
    database.exec(text);
    database.close();
  };
  return { ...place, sql };
}

test('a history with its signed chain: verified, exported, and its head taken away as proof', async (t) => {
  const { cli, folder, sql } = await audited(t);
  const whole = await cli('audit', 'verify');
  assert.equal(whole.code, 0);
  assert.match(whole.out, /^The history is whole: 2 entries were read; the chain ends at entry 2, [0-9a-f]{64}\.$/);
  const head = join(folder, 'kept.head.json');
  assert.match((await cli('audit', 'head', head)).out, /^wrote .*kept\.head\.json: entry 2, [0-9a-f]{64}$/);
  const kept = JSON.parse(readFileSync(head, 'utf8')) as Record<string, unknown>;
  assert.deepEqual(
    [kept['format'], kept['kind'], kept['first'], kept['number']],
    ['openndes audit head 1', 'newest', 1, 2],
  );
  assert.deepEqual(JSON.parse((await cli('audit', 'head')).out), kept);
  assert.equal((await cli('audit', 'verify', '--head', head)).code, 0);
  assert.equal((await cli('audit', 'verify', '--head', head, '--key', join(folder, 'audit.pub.pem'))).code, 0);

  const lines = (await cli('audit', 'export')).out
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ kind, number }) => [kind, number]),
    [
      ['genesis', 0],
      ['newest', 2],
      [undefined, 1],
      [undefined, 2],
    ],
  );
  assert.equal((lines[3]!['entry'] as Record<string, unknown>)['detail'], 'user:eve@example.com');

  sql("update audit set detail = 'user:bob@example.com' where detail like '%eve%'");
  const changed = await cli('audit', 'verify', '--head', head);
  assert.equal(changed.code, 1);
  assert.match(changed.out, /^entry 2 was changed or moved: .*\.\nThe history is NOT whole: 2 entries were read; /);
  assert.equal((fields(await cli('audit', 'verify', '--json'))['faults'] as string[]).length, 1);

  sql('delete from audit; delete from audit_chain; delete from audit_heads');
  const gone = await cli('audit', 'verify', '--head', head);
  assert.equal(gone.code, 1);
  assert.match(gone.out, /kept\.head\.json is of another chain, or this one was begun again\.\n/);
});

test('a head of another key, and a file that is no head', async (t) => {
  const { cli, folder } = await audited(t);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'other.pem'), other.publicKey.export({ type: 'spki', format: 'pem' }));
  const verified = await cli('audit', 'verify', '--key', join(folder, 'other.pem'));
  assert.equal(verified.code, 1);
  assert.match(
    verified.out,
    /^the signed head of the store is signed by the key [0-9a-f]{64}, which is not known here/,
  );
  writeFileSync(join(folder, 'no.json'), '{}');
  assert.deepEqual(await cli('audit', 'verify', '--head', join(folder, 'no.json')), {
    code: 78,
    out: '',
    err: `${folder}/no.json: not a head that \`openndes audit head\` wrote\nGive the file as it was written.`,
  });
});

test('without a key the chain is there all the same, and says what that proves', async (t) => {
  const { cli } = await audited(t, '');
  const { code, out } = await cli('audit', 'verify');
  assert.equal(code, 0);
  assert.match(out, /^note: nothing is compared with a signature: .*\nThe history is whole: 2 entries were read/);
  const head = await cli('audit', 'head');
  assert.match(head.err, /^note: the head is not signed/);
  assert.equal((JSON.parse(head.out) as Record<string, unknown>)['signature'], undefined);
});

test('nothing is linked yet', async (t) => {
  const { cli } = await installed(t);
  assert.equal((await cli('audit', 'verify')).code, 0);
  assert.equal((await cli('audit', 'head')).code, 1);
});

test('the key of a CA is refused, and so is one that signs otherwise', async (t) => {
  const { cli, folder, config } = await installed(t);
  const written = readFileSync(config, 'utf8');
  const [, caKey] = /key: (\S+key\.pem)/.exec(written)!;
  writeFileSync(config, `${written}\naudit:\n  key: ${caKey}\n`);
  const ofCa = await cli('check');
  assert.equal(ofCa.code, 78);
  assert.match(
    ofCa.err,
    /audit\.key: the key of the audit is that of a CA of the authority issuing\n? *.*openssl genpkey/,
  );
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(folder, 'ed.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(config, `${written}\naudit:\n  key: ed.pem\n`);
  assert.equal((await cli('check')).code, 78);
});
