/** `admin.twoPersons` at the command line: `certs revoke` is proposed by one, and run by another with `openndes proposals`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test, type TestContext } from 'node:test';
import { propose } from '../../src/actions/two-persons.ts';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { installed, rows, type Said } from '../app/installation.ts';

/** Of who runs the tests. */
const OWN = process.env['SUDO_USER'];
const BIN = join(import.meta.dirname, '../../bin/openndes.mjs');
const serialOf = (n: number): string => (0x1000 + n).toString(16);
const SERIALS = Array.from({ length: 101 }, (_, n) => serialOf(n));
const PROPOSED = /^proposed (?<id>[0-9a-f]{10}): another person confirms it with: openndes proposals confirm \k<id>$/;

const idIn = ({ code, out, err }: Said): string => {
  assert.equal(code, 4, err);
  return PROPOSED.exec(out)?.groups?.['id'] ?? assert.fail(out);
};

/** 101 certificates that are valid; that of `n` renews that of `renews(n)`. `as`: a command of one who runs sudo. */
async function filled(
  t: TestContext,
  { renews, twoPersons = true }: { renews?: (n: number) => number | undefined; twoPersons?: boolean } = {},
) {
  const place = await installed(t, (config) => `admin: { port: 0, twoPersons: ${twoPersons} }\n${config}`);
  const store = await openConfiguredStore(place.config);
  for (const [n, serial] of SERIALS.entries()) {
    const { certificate, ...issuance } = issuanceFor(n);
    const before = renews?.(n);
    const renewal =
      before === undefined ? {} : { renews: { issuerId: certificate.issuerId, serial: serialOf(before) } };
    await store.recordIssued({
      ...issuance,
      certificate: { ...certificate, serial, notAfter: new Date('2999-01-01'), ...renewal },
    });
  }
  await store.close();
  const set = (user: string | undefined) =>
    user === undefined ? delete process.env['SUDO_USER'] : (process.env['SUDO_USER'] = user);
  t.after(() => set(OWN));
  const as = (user: string | undefined, ...args: string[]): Promise<Said> => {
    set(user);
    return place.cli(...args);
  };
  const revoked = async (): Promise<number> =>
    rows(await place.cli('certs', 'list', '--json', '--limit', '1000', '--state', 'revoked')).length;
  const history = async () => {
    const opened = await openConfiguredStore(place.config);
    const entries = await opened.listAudit({ limit: 1_000 });
    await opened.close();
    return entries;
  };
  return { ...place, as, revoked, history };
}

test('more than 100 are proposed by one, and revoked once by another, in the names of both', async (t) => {
  const { as, revoked, history } = await filled(t);
  const id = idIn(await as('ada', 'certs', 'revoke', ...SERIALS, '--reason', 'superseded'));
  assert.equal(await revoked(), 0);
  const listed = await as('bob', 'proposals', 'list');
  assert.match(listed.out, new RegExp(`^${id}  .*sudo: ada.*  openndes certs revoke 1000 .* --reason superseded`, 'm'));
  for (const same of ['ada', 'ADA@example.com', undefined]) {
    const { code, err } = await as(same, 'proposals', 'confirm', id);
    assert.deepEqual([code, err], [1, 'you proposed this\nAnother person confirms it, under another name.']);
  }
  assert.equal(await revoked(), 0);
  const done = await as('bob', 'proposals', 'confirm', id);
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /^proposed by .*sudo: ada\): openndes certs revoke 1000 /);
  assert.match(done.out, /^revoked 1000 \(CN=device-0\): superseded$/m);
  assert.equal(await revoked(), 101);
  const named = (await history()).map(({ event, actor }) => [event, actor.name] as const);
  const [ADA, BOB] = [/sudo: ada\)$/, /sudo: bob\) \(proposed by .*sudo: ada\)\)$/];
  assert.match(named.find(([event]) => event === 'proposed')?.[1] ?? '', ADA);
  assert.match(named.find(([event]) => event === 'confirmed')?.[1] ?? '', /sudo: bob\)$/);
  const names = named.filter(([event]) => event === 'revoked').map(([, name]) => name);
  assert.equal(names.length, 101);
  for (const name of names) assert.match(name ?? '', BOB);
  const again = await as('bob', 'proposals', 'confirm', id);
  assert.deepEqual([again.code, again.err.split('\n')[0]], [1, 'there is no such proposal']);
});

test('what a filter finds must be what was proposed; then it is withdrawn', async (t) => {
  const { as, revoked } = await filled(t);
  const first = idIn(await as('ada', 'certs', 'revoke', '--cn', 'device-', '--yes'));
  assert.equal((await as('bob', 'certs', 'revoke', '1000')).code, 0);
  const changed = await as('bob', 'proposals', 'confirm', first);
  assert.deepEqual([changed.code, changed.out], [1, '']);
  assert.match(changed.err, /the command would not do what was proposed: what it finds has changed since/);
  assert.equal(await revoked(), 1);
  assert.deepEqual(await as('ada', 'proposals', 'withdraw', first), { code: 0, out: `withdrawn: ${first}`, err: '' });
  assert.equal((await as('ada', 'proposals', 'list', '--json')).out, '[]');
  assert.equal((await as('ada', 'proposals', 'withdraw', first)).code, 1);
});

test('100 are revoked by one, and renewals count where they are revoked too', async (t) => {
  const { as, revoked } = await filled(t, { renews: (n) => (n > 50 ? n - 50 : undefined) });
  const half = SERIALS.slice(0, 51);
  const id = idIn(await as('ada', 'certs', 'revoke', ...half, '--with-renewals'));
  assert.equal(await revoked(), 0);
  assert.equal((await as('bob', 'proposals', 'confirm', id)).code, 0);
  assert.equal(await revoked(), 101);
  const other = await filled(t);
  assert.equal((await other.as('ada', 'certs', 'revoke', ...SERIALS.slice(1))).code, 0);
  assert.equal(await other.revoked(), 100);
});

test('lots of one person add up within the hour, and those of another do not', async (t) => {
  const { as, revoked } = await filled(t);
  assert.equal((await as('ada', 'certs', 'revoke', ...SERIALS.slice(0, 60))).code, 0);
  idIn(await as('ada', 'certs', 'revoke', ...SERIALS.slice(60)));
  assert.equal(await revoked(), 60);
  assert.equal((await as('ada', 'certs', 'revoke', ...SERIALS.slice(61))).code, 0);
  assert.equal((await as('bob', 'certs', 'revoke', SERIALS[60]!)).code, 0);
  assert.equal(await revoked(), 101);
});

test('without admin.twoPersons one person revokes them all', async (t) => {
  const { as, revoked } = await filled(t, { twoPersons: false });
  assert.equal((await as('ada', 'certs', 'revoke', ...SERIALS)).code, 0);
  assert.equal(await revoked(), 101);
});

test('--all-of is proposed, however many they are', async (t) => {
  const { as, revoked } = await filled(t);
  const { issuerId } = issuanceFor(0).certificate;
  assert.equal((await as('ada', 'certs', 'revoke', ...SERIALS.slice(1))).code, 0);
  const id = idIn(await as('ada', 'certs', 'revoke', '--all-of', issuerId, '--yes', '--reason', 'cACompromise'));
  assert.equal(await revoked(), 100);
  assert.match((await as('bob', 'proposals', 'confirm', id)).out, /^revoked 1 certificates of .*: cACompromise$/);
});

test('a file is named by its whole path, and standard input cannot be proposed', async (t) => {
  const { as, folder, config, revoked } = await filled(t);
  const file = join(folder, 'lost.txt');
  writeFileSync(file, SERIALS.join('\n'));
  const id = idIn(await as('ada', 'certs', 'revoke', '--file', relative('.', file)));
  const [listed] = JSON.parse((await as('ada', 'proposals', 'list', '--json')).out) as { input: { words: string[] } }[];
  assert.deepEqual(listed?.input.words.slice(-2), ['--file', file]);
  writeFileSync(file, SERIALS.slice(1).join('\n'));
  assert.equal((await as('bob', 'proposals', 'confirm', id)).code, 1);
  const words = [BIN, 'certs', 'revoke', '--file', '-', '--config', config];
  const piped = spawnSync(process.execPath, words, { input: SERIALS.join('\n'), encoding: 'utf8' });
  assert.deepEqual([piped.status, piped.stdout], [1, '']);
  assert.match(piped.stderr, /^Nothing was proposed: .* Name a file\.$/m);
  assert.equal(await revoked(), 0);
});

test('what a page proposed is listed, and confirmed there', async (t) => {
  const { as, config } = await filled(t);
  const add = async (action: string, input: unknown, clock = systemClock): Promise<string> => {
    const store = await openConfiguredStore(config);
    const caller = {
      actor: { kind: 'person', name: 'carol' },
      source: 'page',
      grants: [{ role: 'operator' }],
    } as const;
    const id = await propose({ store, clock, random: systemRandom, action, input, caller });
    await store.close();
    return id;
  };
  const page = await add('certificates.revokeMany', {});
  assert.match(
    (await as('bob', 'proposals', 'list')).out,
    new RegExp(`^${page} .* carol .* certificates.revokeMany$`, 'm'),
  );
  const { code, err } = await as('bob', 'proposals', 'confirm', page);
  assert.equal(code, 1);
  assert.match(err, /^certificates\.revokeMany was proposed on a page .*\nConfirm it on the page Proposals/);
  // Such a command would not take the proposal.
  const foreign = await add('command', { words: ['ca', 'crl'], digest: '00'.repeat(32) });
  assert.match((await as('bob', 'proposals', 'confirm', foreign)).err, /^another version of openndes recorded/);
  const late = await add('command', { words: ['certs', 'revoke', '1000'], digest: '00'.repeat(32) }, () => new Date(0));
  assert.match((await as('bob', 'proposals', 'confirm', late)).err, /^there is no such proposal\n/);
});

test('a PIN on the command line is not kept', async (t) => {
  const { as, folder } = await filled(t);
  const file = join(folder, 'pin-value=1234');
  writeFileSync(file, SERIALS.join('\n'));
  const { code, out, err } = await as('ada', 'certs', 'revoke', '--file', file);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /^a PIN or a password is on the command line, and a proposal is kept in the store\n/);
  assert.equal((await as('ada', 'proposals', 'list', '--json')).out, '[]');
});
