/** `openndes pfx issue`, `list`, `renew` and `reconcile` against a simulated tenant, without a running server. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemRandom } from '../../src/embed/system.ts';
import { rows } from '../app/installation.ts';
import { JANE, JOE, withTenant } from '../app/people-tenant.ts';
import { type PfxContent, writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { ecKey } from '../kit/keys.ts';
import { certifiedUser, userPfx } from '../pfx/user-under-test.ts';

const PLACE = ['--tenant', 'corp', '--endpoint', 'people'] as const;

test('keys are issued to users and imported once, also when the list of users is given again', async (t) => {
  const { simulator, folder, cli, store } = await withTenant(t);
  writeFileSync(join(folder, 'users.txt'), `${JANE}\n\n${JOE}\n${JANE.toUpperCase()}\n`);
  const users = ['--users', join(folder, 'users.txt')];
  const planned = await cli('pfx', 'issue', ...users, ...PLACE, '--dry-run');
  assert.deepEqual(planned.out.split('\n'), [`${JANE.toUpperCase()}: smimeEncryption`, `${JOE}: smimeEncryption`]);
  assert.deepEqual(await store.listUserKeys({}), []);

  const issued = await cli('pfx', 'issue', ...users, ...PLACE);
  assert.deepEqual(issued, { code: 0, out: 'imported: 2, failed: 0, to be tried again: 0', err: '' });
  const [certificate] = await store.listCertificates({});
  assert.deepEqual([certificate?.endpoint, certificate?.state], ['people', 'delivered']);
  const asked = async () => (await store.listAudit({})).filter(({ event }) => event === 'key-wanted');
  assert.deepEqual(
    (await asked()).map(({ endpoint, source, detail }) => [endpoint, source, detail]),
    [JOE, JANE.toUpperCase()].map((name) => ['people', 'cli', `smimeEncryption for ${name} of corp`]),
  );
  const again = await cli('pfx', 'issue', ...users, ...PLACE);
  assert.equal((await asked()).length, 2);
  assert.equal(again.code, 0);
  assert.deepEqual(again.err.split('\n'), [`${JANE.toUpperCase()} has a key`, `${JOE} has a key`]);
  assert.equal(simulator.imported.list().length, 2);

  const listed = rows(await cli('pfx', 'list', '--user', JOE, '--json'));
  assert.deepEqual(
    listed.map(({ userPrincipalName, state, inEscrow }) => [userPrincipalName, state, inEscrow]),
    [[JOE, 'imported', false]],
  );
});

test('without options tenant, endpoint and purposes are those of the configuration, and options go before it', async (t) => {
  const { simulator, cli } = await withTenant(
    t,
    ', people: { tenant: corp, endpoint: people, purposes: [signing, encryption] }',
  );
  const { out } = await cli('pfx', 'issue', JANE);
  assert.equal(out, 'imported: 2, failed: 0, to be tried again: 0');
  assert.equal(
    (await cli('pfx', 'issue', JOE, '--purpose', 'signing')).out,
    'imported: 1, failed: 0, to be tried again: 0',
  );
  assert.deepEqual(
    simulator.imported.list().map(({ userPrincipalName, intendedPurpose }) => [userPrincipalName, intendedPurpose]),
    [
      [JANE, 'smimeSigning'],
      [JANE, 'smimeEncryption'],
      [JOE, 'smimeSigning'],
    ],
  );
  assert.match((await cli('pfx', 'issue', JOE, '--endpoint', 'x')).err, /no endpoint x/);
});

test('without options and without `pfx.people` a command says what to configure', async (t) => {
  const { code, err } = await (await withTenant(t)).cli('pfx', 'renew');
  assert.equal(code, 78);
  assert.match(
    err,
    /neither `--tenant` was given nor `pfx\.people` is configured\nAdd `people: \{ tenant: NAME, endpoint: NAME \}`/,
  );
});

test('a user who is not there fails with the reason, and the others get their keys', async (t) => {
  const { simulator, cli } = await withTenant(t);
  const { code, out } = await cli('pfx', 'issue', 'nobody@contoso.example', JANE, '--purpose', 'signing', ...PLACE);
  assert.deepEqual([code, out], [1, 'imported: 1, failed: 1, to be tried again: 0']);
  assert.match(
    (await cli('pfx', 'list')).out,
    /nobody@contoso\.example {2}smimeSigning {2}failed .*no user nobody@contoso/,
  );
  assert.deepEqual(
    simulator.imported.list().map(({ intendedPurpose }) => intendedPurpose),
    ['smimeSigning'],
  );
});

test('a comparison ends with 1 when Intune has a key that the store has not, and changes nothing', async (t) => {
  const { simulator, cli, store } = await withTenant(t);
  await cli('pfx', 'issue', JANE, ...PLACE);
  assert.deepEqual(await cli('pfx', 'reconcile', ...PLACE), { code: 0, out: 'the same: 1', err: '' });
  const [first] = simulator.imported.list();
  const id = `${'0'.repeat(32)}-${'1'.repeat(40)}`;
  simulator.imported.set({ ...first!, id });
  const { code, out } = await cli('pfx', 'reconcile', ...PLACE);
  assert.equal(code, 1);
  assert.deepEqual(out.split('\n'), ['the same: 1', `only Intune has: ${id}  ${JANE}  smimeEncryption`]);
  assert.equal(simulator.imported.list().length, 2);
  assert.match((await store.userKeyNotes('corp')).differs ?? '', /^Intune alone has 1 keys, and the store alone 0: /);
  simulator.imported.remove(id);
  assert.equal((await cli('pfx', 'reconcile', ...PLACE)).code, 0);
  assert.deepEqual(await store.userKeyNotes('corp'), {}, 'and the condition ends');
});

test('renew revokes the certificates of a user who was disabled, within the bound, and the history says who', async (t) => {
  const { simulator, cli, store } = await withTenant(t);
  await cli('pfx', 'issue', JANE, '--purpose', 'signing', ...PLACE);
  simulator.directory.userAction({ action: 'disable', ids: [JANE] });
  const bounded = await cli('pfx', 'renew', '--most-gone', '0', ...PLACE);
  assert.equal(bounded.code, 1);
  assert.match(bounded.err, /1 users have gone at once: nothing was touched/);
  assert.match((await store.userKeyNotes('corp')).gone ?? '', /^1 users with keys are disabled/);
  const { code, out } = await cli('pfx', 'renew', ...PLACE);
  assert.equal(code, 0);
  assert.deepEqual(await store.userKeyNotes('corp'), {}, 'the condition ends');
  assert.match(out, /^users who have gone: 1\nsuccessors wanted: 0, old keys taken out: 0\nimported: 0, /);
  assert.deepEqual(simulator.imported.list(), []);
  assert.deepEqual(
    (await store.listCertificates({})).map(({ state, revocationReason }) => [state, revocationReason]),
    [['revoked', 'affiliationChanged']],
  );
  const [entry] = (await store.listAudit({})).filter(({ event }) => event === 'revoked');
  assert.match(entry?.detail ?? '', /affiliationChanged \(the user was disabled or removed from the directory\)/);
});

for (const [what, given, message] of [
  ['a purpose that is none', ['issue', JANE, '--purpose', 'vpn', ...PLACE], /neither encryption nor signing/],
  ['a name that is none', ['issue', 'jane', ...PLACE], /jane is no user principal name/],
  ['an unknown tenant', ['issue', JANE, '--tenant', 'x', '--endpoint', 'people'], /no tenant x.*\n?.*corp/],
  ['an unknown endpoint', ['reconcile', '--tenant', 'corp', '--endpoint', 'x'], /no endpoint x/],
  ['a bound that is none', ['renew', '--most-gone', 'all', ...PLACE], /--most-gone/],
] as const)
  test(`${what} is refused, and nothing is recorded`, async (t) => {
    const { cli, store } = await withTenant(t);
    const { code, err } = await cli('pfx', ...given);
    assert.notEqual(code, 0);
    assert.match(err, message);
    assert.deepEqual(await store.listUserKeys({}), []);
  });

/** A folder with a PKCS#12 file and its password, for a key that lasts for twenty years unless it is `different`. */
async function withFile(
  folder: string,
  name: string,
  { password = 'a-password', different = {} }: { password?: string; different?: Partial<PfxContent> } = {},
): Promise<string> {
  const content = await userPfx(ecKey(name), different);
  const path = join(folder, `${name}.p12`);
  writeFileSync(path, writePkcs12(content, { profile: 'compat', password, random: systemRandom }));
  writeFileSync(join(folder, `${name}.txt`), `${password}\n`);
  return path;
}

test('a PKCS#12 file is imported as it is, once, and a dry run imports nothing', async (t) => {
  const { simulator, folder, cli, store } = await withTenant(t);
  const path = await withFile(folder, 'one');
  const command = ['pfx', 'import', path, '--user', JANE, '--password-file', join(folder, 'one.txt'), ...PLACE];
  const planned = await cli(...command, '--dry-run');
  assert.deepEqual(planned.out.split('\n'), [
    `${path}  ${JANE}  planned`,
    'to be imported: 1, known already: 0, failed: 0',
  ]);
  assert.deepEqual([simulator.imported.list(), await store.listUserKeys({})], [[], []]);
  const done = await cli(...command);
  assert.deepEqual([done.code, done.err], [0, '']);
  assert.equal(done.out.split('\n')[1], 'imported: 1, known already: 0, failed: 0');
  const [at] = simulator.imported.list();
  assert.equal(at!.encryptedPfxBlob, readFileSync(path).toString('base64'));
  const again = await cli(...command);
  assert.equal(again.out.split('\n')[1], 'imported: 0, known already: 1, failed: 0');
  const kept = await store.listUserKeys({});
  assert.deepEqual(
    kept.map(({ origin, state, thumbprint }) => [origin, state, thumbprint]),
    [['file', 'imported', at!.thumbprint]],
  );
  assert.deepEqual(await cli('pfx', 'reconcile', ...PLACE), { code: 0, out: 'the same: 1', err: '' });
});

test('of a list of files each has its line, and those that fail say why and stop no other', async (t) => {
  const { simulator, folder, cli } = await withTenant(t);
  for (const name of ['one', 'two', 'three']) await withFile(folder, name);
  writeFileSync(join(folder, 'wrong.txt'), 'wrong');
  const list = join(folder, 'list.csv');
  const lines = [
    `one.p12,${JANE},encryption,one.txt`,
    `two.p12,${JANE},signing,wrong.txt`,
    'three.p12,nobody@contoso.example,encryption,three.txt',
    `two.p12, ${JOE}, signing, two.txt`,
  ];
  writeFileSync(list, `${lines.join('\r\n')}\r\n`);
  const { code, out } = await cli('pfx', 'import', '--list', list, ...PLACE);
  assert.equal(code, 1);
  const told = out.split('\n');
  assert.match(told[0]!, /one\.p12 {2}jane@contoso\.example {2}imported$/);
  assert.match(told[1]!, /two\.p12 {2}jane@contoso\.example {2}failed: .*the passphrase of this file is wrong/);
  assert.match(told[2]!, /failed: the directory has no user nobody@contoso\.example/);
  assert.equal(told[4], 'imported: 2, known already: 0, failed: 2');
  assert.deepEqual(
    simulator.imported.list().map(({ userPrincipalName, intendedPurpose }) => [userPrincipalName, intendedPurpose]),
    [
      [JANE, 'smimeEncryption'],
      [JOE, 'smimeSigning'],
    ],
  );
  writeFileSync(list, 'one.p12,jane\n');
  assert.match((await cli('pfx', 'import', '--list', list, ...PLACE)).err, /line 1 has not four values/);
});

test('a password that Intune cannot take is refused, and never told', async (t) => {
  const { simulator, folder, cli } = await withTenant(t);
  const password = 'p'.repeat(127);
  const path = await withFile(folder, 'one', { password });
  const { code, out, err } = await cli(
    'pfx',
    'import',
    path,
    '--user',
    JANE,
    '--password-file',
    join(folder, 'one.txt'),
    ...PLACE,
  );
  assert.equal(code, 1);
  assert.match(out, /failed: .*the password has 127 characters, and oaepSha512 takes 126/);
  assert.ok(!(out + err).includes(password));
  assert.deepEqual(simulator.imported.list(), []);
});

test('a file whose certificate has ended, and one with two certificates of its key, are refused', async (t) => {
  const { simulator, folder, cli, store } = await withTenant(t);
  const ended = await certifiedUser(ecKey('old'), nameFromText('CN=Jane'), new Date('2026-01-01T00:00:00Z'));
  await withFile(folder, 'old', { different: { certificate: ended } });
  await withFile(folder, 'two', { different: { chain: [await certifiedUser(ecKey('two'))] } });
  writeFileSync(join(folder, 'list.csv'), ['old', 'two'].map((n) => `${n}.p12,${JANE},encryption,${n}.txt`).join('\n'));
  const { code, out } = await cli('pfx', 'import', '--list', join(folder, 'list.csv'), ...PLACE);
  assert.equal(code, 1);
  assert.match(out, /old\.p12.*failed: .*its certificate has ended/);
  assert.match(out, /two\.p12.*failed: .*1 private keys, and 2 certificates of them/);
  assert.deepEqual([simulator.imported.list(), await store.listUserKeys({})], [[], []]);
});
