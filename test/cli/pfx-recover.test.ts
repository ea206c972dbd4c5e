/** `openndes pfx escrow` and `pfx recover`: two officers open a key, one does not, and the history has both names. */
import assert from 'node:assert/strict';
import { createPublicKey, hash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { systemClock } from '../../src/embed/system.ts';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { escrowText } from '../../src/pfx/escrow-text.ts';
import { sealEscrow } from '../../src/pfx/escrow.ts';
import { writePkcs12 } from '../../src/pfx/pkcs12-writer.ts';
import { readRecoveryOfficer } from '../../src/pfx/recovery-officer.ts';
import { installed, run } from '../app/installation.ts';
import { rsaKey } from '../kit/keys.ts';
import { random } from '../kit/pki.ts';
import { connectorPem } from '../pfx/connector-forms.ts';
import { userPfx } from '../pfx/user-under-test.ts';

const NAMES = ['alice', 'bob', 'carol'];
const officers = NAMES.map((name) =>
  readRecoveryOfficer(name, Buffer.from(connectorPem(createPublicKey(rsaKey(name).privateKey))), name),
);
const PASSWORD = 'Abcdefghijklmnop01234567';
const user = await userPfx(rsaKey('user'));
const file = writePkcs12(user, { profile: 'compat', password: PASSWORD, random });
const escrow = escrowText(
  sealEscrow({ file, password: PASSWORD }, { certificate: user.certificate, officers, required: 2, random }),
);

/** An installation with a key `kept` in escrow and a key `signing` that is not, and the private keys of the officers in files. */
async function keeping(t: TestContext) {
  const { folder, config, cli } = await installed(t);
  const store = await openConfiguredStore(config);
  const at = systemClock();
  const of = {
    tenant: 'corp',
    userPrincipalName: 'jane@contoso.example',
    origin: 'made',
    state: 'imported',
    at,
    dueAt: at,
  } as const;
  const certificate = { issuerId: 'ab'.repeat(32), serial: '5a01' };
  await store.addUserKey({ ...of, id: 'kept', purpose: 'smimeEncryption', certificate, escrow });
  await store.addUserKey({ ...of, id: 'signing', purpose: 'smimeSigning' });
  await store.close();
  const keys = Object.fromEntries(
    NAMES.concat('mallory').map((name) => {
      const path = join(folder, `${name}.key`);
      writeFileSync(path, privateKeyPem(rsaKey(name).privateKey), { mode: 0o600 });
      return [name, path];
    }),
  );
  const out = join(folder, 'jane.p12');
  const recover = (key: string, names: readonly string[], ...more: string[]) =>
    cli('pfx', 'recover', key, out, ...names.flatMap((name) => ['--key', keys[name] ?? name]), ...more);
  const history = async () => {
    const opened = await openConfiguredStore(config);
    const entries = await opened.listAudit({});
    await opened.close();
    return entries.filter(({ event }) => event === 'key-recovered');
  };
  return { folder, config, cli, out, keys, recover, history };
}

test('two officers recover a key: the file opens with the password that is printed, and the history has both names', async (t) => {
  const { recover, out, history } = await keeping(t);
  const said = await recover('kept', ['carol', 'alice']);
  assert.deepEqual(said, {
    code: 0,
    out: PASSWORD,
    err: `wrote ${out}, opened by carol and alice. Its password, which is shown once:`,
  });
  assert.deepEqual(readFileSync(out), Buffer.from(file));
  assert.equal(statSync(out).mode & 0o777, 0o600);
  assert.equal(readPkcs12(readFileSync(out), out, said.out).keys.length, 1);
  const entries = await history();
  assert.deepEqual(
    entries.map(({ detail, source, serial }) => ({ detail, source, serial })),
    [
      {
        detail: `SHA-256 ${hash('sha256', user.certificate)}, by carol, alice`,
        source: 'cli',
        serial: '5a01',
      },
    ],
  );
  assert.equal(JSON.stringify(entries).includes(PASSWORD), false);
});

/** Keys that do not open it, and what is said. */
const CLOSED: readonly (readonly [names: readonly string[], fault: string])[] = [
  [
    [],
    '2 recovery officers are required, and the keys of 0 are here\nGive the keys of 2 different officers of alice, bob, carol.',
  ],
  [
    ['alice'],
    '2 recovery officers are required, and the keys of 1 are here\nGive the keys of 2 different officers of alice, bob, carol.',
  ],
  [
    ['bob', 'bob'],
    '2 recovery officers are required, and the keys of 1 are here\nGive the keys of 2 different officers of alice, bob, carol.',
  ],
  [['alice', 'mallory'], 'this key is of no recovery officer of this escrow\nGive the keys of 2 of alice, bob, carol.'],
];
for (const [names, fault] of CLOSED)
  test(`the keys of ${names.join(' and ') || 'nobody'} open nothing, and no file is written`, async (t) => {
    const { recover, out, history } = await keeping(t);
    const { code, out: printed, err } = await recover('kept', names);
    assert.notEqual(code, 0);
    assert.deepEqual([printed, err], ['', fault]);
    assert.throws(() => statSync(out), { code: 'ENOENT' });
    assert.deepEqual(await history(), []);
  });

test('a key that is not in escrow, and one that does not exist, are named', async (t) => {
  const { recover } = await keeping(t);
  const remedy = 'Give the id of a key for encryption, or the file that `openndes pfx escrow` wrote.';
  assert.equal(
    (await recover('signing', ['alice', 'bob'])).err,
    `signing: nothing of this key is in escrow\n${remedy}`,
  );
  assert.equal(
    (await recover('none', ['alice', 'bob'])).err,
    `none: no key has this id, and there is no such file\n${remedy}`,
  );
});

test('a file that is there is not replaced', async (t) => {
  const { recover, out, history } = await keeping(t);
  writeFileSync(out, 'mine');
  assert.equal((await recover('kept', ['alice', 'bob'])).err, `${out} is already there\nChoose another name.`);
  assert.equal(readFileSync(out, 'utf8'), 'mine');
  assert.deepEqual(await history(), []);
});

test('what is in escrow can be taken to a machine without a store', async (t) => {
  const { cli, folder, out, keys } = await keeping(t);
  const record = join(folder, 'jane.escrow');
  const printed = await cli('pfx', 'escrow', 'kept');
  assert.deepEqual(JSON.parse(printed.out), JSON.parse(escrow));
  writeFileSync(record, printed.out);
  const args = ['--key', keys['bob'] ?? '', '--key', keys['carol'] ?? '', '--unrecorded'];
  assert.equal((await run('pfx', 'recover', record, out, ...args)).out, PASSWORD);
  assert.deepEqual(readFileSync(out), Buffer.from(file));
});

test('without a store nothing is opened, because no history would have it', async (t) => {
  const { folder, cli } = await installed(t);
  const record = join(folder, 'jane.escrow');
  writeFileSync(record, escrow);
  const { code, err } = await cli('pfx', 'recover', record, join(folder, 'jane.p12'));
  assert.equal(code, 78);
  assert.match(
    err,
    /^there is no store at .*, so no history would say that the key was opened\nRun it where the store is, or with --unrecorded/,
  );
});
