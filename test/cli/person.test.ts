/** `openndes person`: what the store has of one person, given out and erased. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { recorded } from '../../src/testing/opened-store.ts';
import { auditFor, issuanceFor, later, NOON } from '../../src/testing/store-samples.ts';
import { installed } from '../app/installation.ts';

const ADA = 'ada@example.com';
const SUBJECT = 'CN=ada,E=ada@example.com';

/** Ada has a certificate that has ended and one of today's; an entry of the block list names her. */
async function filled(t: TestContext) {
  const place = await installed(t);
  const store = await openConfiguredStore(place.config);
  for (const [n, notAfter] of [
    [1, later(3_600)],
    [2, new Date('2999-01-01')],
  ] as const) {
    const issuance = issuanceFor(n);
    const audit = { ...issuance.audit, actor: { kind: 'device', address: `192.0.2.${n}` } } as const;
    const names = [
      { kind: 'upn', value: ADA },
      { kind: 'cn', value: 'ada' },
    ] as const;
    const certificate = { ...issuance.certificate, subject: SUBJECT, notAfter };
    await recorded(store, { ...issuance, certificate, names, audit });
  }
  await store.addBlock(
    { name: `user:${ADA}`, at: NOON, by: 'ops' },
    { ...auditFor(1, 'blocked'), detail: `user:${ADA}`, actor: { kind: 'person', name: 'ops' } },
  );
  await store.close();
  return place;
}

const lines = (out: string) => out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

test('everything of a person is exported as JSON lines', async (t) => {
  const { cli } = await filled(t);
  const { code, out, err } = await cli('person', 'export', 'ADA@example.com');
  assert.deepEqual([code, err], [0, '']);
  const found = lines(out);
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['certificate', 'certificate', 'request', 'request', 'entry', 'entry', 'entry', 'block'],
  );
  assert.deepEqual([found[0]!['subject'], found[0]!['state']], [SUBJECT, 'expired']);
  assert.equal(found[0]!['der'], Buffer.from(issuanceFor(1).certificate.der).toString('base64'));
  assert.deepEqual(found[4]!['actor'], { kind: 'device', address: '192.0.2.1' });
});

test('an erasure says first what it does, leaves what must stay, and the history is whole afterwards', async (t) => {
  const { cli, folder } = await filled(t);
  const KEPT =
    'note: kept: 1 certificate, 1 request, 1 entry of the history. A certificate stays until it has ended and is notified: revoke it (`certs revoke`), and erase again after its end. What the person did as an administrator stays: docs/audit.md says why.';
  const COUNTS = '1 certificate, 1 request, 2 entries of the history';
  const preview = await cli('person', 'erase', ADA);
  assert.deepEqual(preview, {
    code: 1,
    out: '',
    err: `${KEPT}\nTo be erased for good: ${COUNTS}.\nNothing was erased. Give --yes, or type 4 at a terminal, to do it.`,
  });
  assert.equal(lines((await cli('person', 'export', ADA)).out).length, 8);

  const done = await cli('person', 'erase', ADA, '--yes');
  assert.deepEqual([done.code, done.out], [0, `erased: ${COUNTS}`]);
  assert.deepEqual(
    lines((await cli('person', 'export', ADA)).out).map(({ kind }) => kind),
    ['certificate', 'request', 'entry', 'block'],
  );
  const { serial } = issuanceFor(1).certificate;
  const shown = await cli('certs', 'show', serial);
  assert.equal(shown.code, 0);
  assert.doesNotMatch(shown.out, /\bada\b|192\.0\.2\.1/);

  const verified = await cli('audit', 'verify');
  assert.equal(verified.code, 0, verified.out);
  assert.match(verified.out, /^note: what entries 1, 3 said about a person was erased\.$/m);
  assert.match(verified.out, /^The history is whole: 4 entries were read;/m);
  const exported = (await cli('audit', 'export')).out;
  const [last] = lines(exported).slice(-1);
  const mark = last!['entry'] as Record<string, unknown>;
  assert.deepEqual(
    [mark['event'], mark['detail'], mark['source']],
    ['erased', 'entries: 1, 3; certificates: 1; requests: 1', 'cli'],
  );
  // As a word: hashes are there in hexadecimal digits, which can have these letters.
  assert.doesNotMatch(JSON.stringify(last), /\bada\b/);
  // The octets of the other sample are no certificate; nothing is wrong with the one that was erased.
  assert.match((await cli('store', 'check')).out, /^certificate \S+ \(row 2\) has octets .*\n1 thing is wrong /);

  const database = new DatabaseSync(join(folder, 'openndes.db'));
  database.exec("update audit set event = 'delivered' where event = 'issued'");
  database.close();
  const changed = await cli('audit', 'verify');
  assert.equal(changed.code, 1);
  assert.match(changed.out, /^entry 1 was changed or moved: /m);
});

test('nothing is left in the file of what was erased', async (t) => {
  const { cli, folder } = await filled(t);
  const octets = Buffer.from(issuanceFor(1).certificate.der);
  const file = join(folder, 'openndes.db');
  assert.ok(readFileSync(file).includes(octets));
  assert.equal((await cli('person', 'erase', ADA, '--yes')).code, 0);
  assert.ok(!readFileSync(file).includes(octets));
  assert.ok(!readFileSync(file).includes('192.0.2.1'));
});

test('a person whom the store does not know, and one of whom nothing may go', async (t) => {
  const { cli } = await filled(t);
  for (const command of ['export', 'erase']) {
    const { code, out, err } = await cli('person', command, 'example.com');
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^The store has nothing of example\.com\. /);
  }
  assert.equal((await cli('person', 'erase', ADA, '--yes')).code, 0);
  const again = await cli('person', 'erase', ADA, '--yes');
  assert.equal(again.code, 1);
  assert.match(again.err, /^note: kept: 1 certificate, .*\nNothing was erased\.$/s);
});
