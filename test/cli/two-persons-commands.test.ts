/** `admin.twoPersons` for commands that copy keys or change a CA: proposed by one, done when another confirms. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { installed, run, type Said } from '../app/installation.ts';

const { generateX25519Identity, identityToRecipient } = createRequire(import.meta.url)('age-encryption') as {
  generateX25519Identity: () => Promise<string>;
  identityToRecipient: (identity: string) => Promise<string>;
};
const OWN = process.env['SUDO_USER'];
const set = (user: string | undefined) =>
  user === undefined ? delete process.env['SUDO_USER'] : (process.env['SUDO_USER'] = user);

const idIn = ({ code, out, err }: Said): string => {
  assert.equal(code, 4, err);
  return /^proposed (?<id>[0-9a-f]{10}): /.exec(out)?.groups?.['id'] ?? assert.fail(out);
};

/** `as`: a command of one who runs sudo. */
async function underTest(t: TestContext, { store = true, more = '' } = {}) {
  const place = await installed(t, (config) => `admin: { port: 0, twoPersons: true }\n${more}${config}`);
  if (store) await (await openConfiguredStore(place.config)).close();
  t.after(() => set(OWN));
  const as = (user: string, ...args: string[]): Promise<Said> => {
    set(user);
    return place.cli(...args);
  };
  const history = async (): Promise<string[]> => {
    const opened = await openConfiguredStore(place.config);
    const entries = await opened.listAudit({ limit: 100 });
    await opened.close();
    return entries.toReversed().map(({ event, detail }) => `${event} ${detail}`);
  };
  return { ...place, as, history };
}

const ROOT = 'file:certs/root-ca.key.pem';

test('each step of a rollover is taken when another person confirms it', async (t) => {
  const { as, folder, history } = await underTest(t);
  const certs = () =>
    readdirSync(join(folder, 'certs')).filter((name) => name.includes('-g2') || name.includes('rollover'));
  const key = relative('.', join(folder, ROOT.slice('file:'.length)));
  const started = idIn(await as('ada', 'ca', 'rollover', 'start', '--new-key', '--issuer-key', key));
  assert.deepEqual(certs(), []);
  assert.equal((await as('ada', 'proposals', 'confirm', started)).err.split('\n')[0], 'you proposed this');
  const done = await as('bob', 'proposals', 'confirm', started);
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^started$/m);
  assert.equal(certs().length > 0, true);
  const finished = idIn(await as('ada', 'ca', 'rollover', 'finish'));
  const aborted = idIn(await as('ada', 'ca', 'rollover', 'abort'));
  assert.match((await as('bob', 'proposals', 'confirm', aborted)).out, /^aborted$/m);
  assert.deepEqual(certs(), []);
  // The rollover that was to be finished is not there any more.
  const late = await as('bob', 'proposals', 'confirm', finished);
  assert.deepEqual([late.code, late.out], [1, '']);
  assert.match(late.err, /the command would not do what was proposed/);
  assert.deepEqual(
    (await history()).map((line) => line.replace(/, proposed by .*/, '')),
    [
      `proposed ${started}: command ca rollover start`,
      `confirmed ${started}: command ca rollover start`,
      `proposed ${finished}: command ca rollover finish`,
      `proposed ${aborted}: command ca rollover abort`,
      `confirmed ${aborted}: command ca rollover abort`,
    ],
  );
});

test('a backup is made when another person confirms it, wherever that person is', async (t) => {
  const { as, folder } = await underTest(t);
  const file = join(folder, 'keys.tar');
  const id = idIn(await as('ada', 'backup', relative('.', file)));
  assert.equal(existsSync(file), false);
  const [listed] = JSON.parse((await as('bob', 'proposals', 'list', '--json')).out) as { input: { words: string[] } }[];
  assert.deepEqual(listed?.input.words.slice(0, 2), ['backup', file]);
  assert.equal((await as('bob', 'proposals', 'confirm', id)).code, 0);
  assert.equal(existsSync(file), true);
});

test('a backup for the recipients of the configuration needs one person, for others two', async (t) => {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const { as, folder } = await underTest(t, { more: `backup: { recipients: [${recipient}] }\n` });
  const made = await as('ada', 'backup', join(folder, 'one.tar.age'));
  assert.match(made.out, /, encrypted$/);
  assert.match(readFileSync(join(folder, 'one.tar.age'), 'latin1'), /^age-encryption\.org\/v1\n/);
  const key = join(folder, 'backup.key');
  writeFileSync(key, `${identity}\n`, { mode: 0o600 });
  assert.equal((await run('backup', 'verify', '--identity', key, join(folder, 'one.tar.age'))).code, 0);
  const other = await identityToRecipient(await generateX25519Identity());
  idIn(await as('ada', 'backup', '--recipient', other, join(folder, 'two.tar.age')));
  assert.equal(existsSync(join(folder, 'two.tar.age')), false);
});

test('a restore is done when another person confirms it, of the archive that was proposed', async (t) => {
  const { as, folder, config } = await underTest(t);
  const [file, into] = [join(folder, 'b.tar'), join(folder, 'restored')];
  await as('bob', 'proposals', 'confirm', idIn(await as('ada', 'backup', file)));
  const first = idIn(await as('ada', 'restore', relative('.', file), relative('.', into)));
  const second = idIn(await as('ada', 'restore', file, into));
  assert.equal(existsSync(into), false);
  const done = await as('bob', 'proposals', 'confirm', first);
  assert.match(done.out, new RegExp(`^restored into ${into}: `));
  assert.equal(existsSync(join(into, 'openndes.yaml')), true);
  writeFileSync(file, 'another one');
  assert.match((await as('bob', 'proposals', 'confirm', second)).err, /would not do what was proposed/);
  // Where there is no configuration, as on a new machine, nobody asks for two.
  set('ada');
  const missing = await run('restore', file, join(folder, 'other'), '--config', `${config}.none`);
  assert.deepEqual([missing.code, missing.out], [78, '']);
});

test('without a store there is no proposal, and nothing is done', async (t) => {
  const { as, folder } = await underTest(t, { store: false });
  const { code, err } = await as('ada', 'backup', join(folder, 'keys.tar'));
  assert.deepEqual([code, existsSync(join(folder, 'keys.tar'))], [78, false]);
  assert.match(
    err,
    /^two persons are asked for \(admin\.twoPersons\), and there is no store at .*\nStart the server once/,
  );
});
