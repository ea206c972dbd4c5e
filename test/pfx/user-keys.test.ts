/** Keys of people from the wish to the import, through every crash, renewal, departure and comparison. */
import assert from 'node:assert/strict';
import { constants, privateDecrypt } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { IssuerError } from '../../src/core/errors.ts';
import type { Issuer } from '../../src/core/issuer.ts';
import type { UserKey } from '../../src/core/user-key-store.ts';
import { readPkcs12 } from '../../src/keys/pkcs12/pkcs12.ts';
import { followUserKeys, reconcileUserKeys, revokeDeparted, USER_KEY_TIMES } from '../../src/pfx/follow-user-keys.ts';
import { makeUserKeys } from '../../src/pfx/make-user-keys.ts';
import type { UserKeyServices } from '../../src/pfx/user-key-services.ts';
import { parseSubjectTemplate } from '../../src/pfx/subject-template.ts';
import { rsaKey } from '../kit/keys.ts';
import { DAY, HOUR, YEAR } from '../kit/pki.ts';
import { type Keys, keysUnderTest, wantedKey } from './keys-under-test.ts';

const { signal } = new AbortController();
const JANE = 'jane@contoso.example';

async function withJane(t: TestContext, different: Parameters<typeof keysUnderTest>[1] = {}) {
  const keys = await keysUnderTest(t, different);
  keys.simulator.directory.addUsers({ users: [{ userPrincipalName: JANE, mail: JANE }] });
  return keys;
}

const states = async ({ store }: Keys) => (await store.listUserKeys({})).map(({ state }) => state);
const certificates = async ({ store }: Keys) => (await store.listCertificates({})).map(({ state }) => state);
/** The thumbprints of certificates that are good, and of imports: every key in use has both. */
const living = async ({ store, simulator }: Keys) => ({
  certificates: (await store.listCertificates({ state: 'delivered' })).map(({ thumbprint }) => thumbprint).toSorted(),
  imports: simulator.imported
    .list()
    .map(({ thumbprint }) => thumbprint)
    .toSorted(),
});

test('a key that is wanted is made, certified, imported and kept in escrow, and its file opens with its password', async (t) => {
  const keys = await withJane(t);
  const wanted = wantedKey(keys);
  await keys.store.addUserKey(wanted);
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 1, failed: 0, later: 0 });
  const [at] = keys.simulator.imported.list();
  const sealed = Buffer.from(at!.encryptedPfxPassword, 'base64');
  const password = privateDecrypt(
    { key: rsaKey('connector').privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha512' },
    sealed,
  );
  const opened = readPkcs12(Buffer.from(at!.encryptedPfxBlob, 'base64'), 'the import', password.toString());
  assert.equal(opened.certificates.length, 2);
  const key = await keys.store.findUserKey(wanted.id);
  const [certificate] = await keys.store.listCertificates({});
  assert.deepEqual(
    [key?.state, key?.tries, key?.thumbprint, key?.certificate?.serial, key?.fault],
    ['imported', 0, at!.thumbprint, certificate!.serial, undefined],
  );
  assert.deepEqual([certificate!.endpoint, certificate!.subject], ['pfx', `CN=${JANE}`]);
  assert.match(key?.escrow ?? '', /"officer":"alice"/);
  assert.ok(!JSON.stringify(await keys.store.listUserKeys({})).includes(password.toString()));
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 0, failed: 0, later: 0 });
});

test('a key for signing is never in escrow', async (t) => {
  const keys = await withJane(t);
  await keys.store.addUserKey(wantedKey(keys, { purpose: 'smimeSigning' }));
  await makeUserKeys(keys.services, signal);
  const [key] = await keys.store.listUserKeys({});
  assert.deepEqual([key?.state, key?.escrow], ['imported', undefined]);
});

for (const [what, prepare, fault] of [
  ['is not in the directory', ({ simulator }: Keys) => simulator.directory.clear(), /no user jane@contoso/],
  [
    'is disabled',
    ({ simulator }: Keys) => simulator.directory.userAction({ action: 'disable', ids: [JANE] }),
    /is disabled/,
  ],
] as const)
  test(`for a user who ${what} nothing is issued, and the key has failed`, async (t) => {
    const keys = await withJane(t);
    prepare(keys);
    await keys.store.addUserKey(wantedKey(keys));
    assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 0, failed: 1, later: 0 });
    assert.match((await keys.store.listUserKeys({}))[0]!.fault ?? '', fault);
    assert.deepEqual(await certificates(keys), []);
  });

test('a variable without a value fails by its name, and nothing is issued', async (t) => {
  const keys = await withJane(t);
  await keys.store.addUserKey(wantedKey(keys));
  const plan = { ...keys.services.plan, subject: parseSubjectTemplate('CN={{Department}}') };
  await makeUserKeys({ ...keys.services, plan }, signal);
  const [key] = await keys.store.listUserKeys({});
  assert.deepEqual([key?.state, key?.fault?.includes('{{Department}} has no value')], ['failed', true]);
  assert.deepEqual(await certificates(keys), []);
});

test('when Graph refuses the import for good, the certificate is revoked and the three checks are noted', async (t) => {
  const keys = await withJane(t);
  keys.simulator.fault({ hop: 'userPfxCertificates', fault: 'opaque-import', count: 1 });
  await keys.store.addUserKey(wantedKey(keys));
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 0, failed: 1, later: 0 });
  assert.match((await keys.store.listUserKeys({}))[0]!.fault ?? '', /Check three things/);
  assert.deepEqual(await certificates(keys), ['revoked']);
});

const DOWN = new IssuerError({ code: 'unavailable', retryable: true, adminText: 'down', clientText: 'down' });
const downWhile =
  (isDown: () => boolean) =>
  (local: Issuer): Issuer => ({
    ...local,
    issue: (...asked) => (isDown() ? Promise.reject(DOWN) : local.issue(...asked)),
  });

test('a CA that is down is asked again later', async (t) => {
  let isDown = true;
  const keys = await withJane(t, { issuer: downWhile(() => isDown) });
  await keys.store.addUserKey(wantedKey(keys));
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 0, failed: 0, later: 1 });
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 0, failed: 0, later: 0 }, 'not before');
  isDown = false;
  keys.forward(HOUR);
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 1, failed: 0, later: 0 });
  assert.deepEqual((await keys.store.listUserKeys({}))[0]!.fault, undefined);
});

/** Services whose process is killed after so many calls: the last one has its effect, and nothing comes after it. */
function killedAfter(calls: number, services: UserKeyServices): UserKeyServices {
  let left = calls;
  const mortal = <T extends object>(object: T): T =>
    new Proxy(object, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...given: unknown[]) => {
          if (left <= 0) throw new Error('killed');
          const answer: unknown = await Reflect.apply(value, target, given);
          if (--left <= 0) throw new Error('killed');
          return answer;
        };
      },
    });
  const { certify, certified, revoke } = mortal({
    certify: services.certify,
    certified: services.certified,
    revoke: services.revoke,
  });
  return { ...services, certify, certified, revoke, store: mortal(services.store), imports: mortal(services.imports) };
}

for (const calls of [1, 2, 3, 4, 5, 6, 7])
  test(`a process that is killed after ${calls} calls leaves one key, one certificate and one import in the end`, async (t) => {
    const keys = await withJane(t);
    await keys.store.addUserKey(wantedKey(keys));
    await assert.rejects(makeUserKeys(killedAfter(calls, keys.services), signal), { message: 'killed' });
    keys.forward(HOUR);
    await makeUserKeys(keys.services, signal);
    assert.deepEqual(await states(keys), ['imported']);
    const { certificates: good, imports } = await living(keys);
    assert.equal(imports.length, 1);
    assert.deepEqual(
      good.map((each) => each.toLowerCase()),
      imports,
    );
  });

const follow = (keys: Keys) => followUserKeys(keys.services, USER_KEY_TIMES, signal);

async function made(keys: Keys, purpose: UserKey['purpose']): Promise<UserKey> {
  const wanted = wantedKey(keys, { purpose });
  await keys.store.addUserKey(wanted);
  await makeUserKeys(keys.services, signal);
  return (await keys.store.findUserKey(wanted.id))!;
}

test('a successor is wanted when exactly a fifth of the life is left, once for three servers', async (t) => {
  const keys = await withJane(t);
  const { id, starts, ends } = await made(keys, 'smimeEncryption');
  const moment = ends!.getTime() - (ends!.getTime() - starts!.getTime()) / 5;
  const at = (time: number): UserKeyServices => ({ ...keys.services, clock: () => new Date(time) });
  const followed = (time: number) => followUserKeys(at(time), USER_KEY_TIMES, signal);
  assert.equal((await followed(moment - 1)).wanted, 0);
  const three = await Promise.all([moment, moment, moment].map(followed));
  assert.deepEqual(three.map(({ wanted }) => wanted).toSorted(), [0, 0, 1]);
  const [, successor] = await keys.store.listUserKeys({});
  assert.deepEqual([successor?.renews, successor?.state], [id, 'wanted']);
});

test('after a renewal the old key for signing leaves after seven days, and the one for encryption a year after its end', async (t) => {
  const keys = await withJane(t);
  for (const purpose of ['smimeEncryption', 'smimeSigning'] as const) await made(keys, purpose);
  keys.forward(0.85 * YEAR);
  assert.equal((await follow(keys)).wanted, 2);
  await makeUserKeys(keys.services, signal);
  assert.deepEqual(await states(keys), ['imported', 'imported', 'imported', 'imported']);
  keys.forward(7 * DAY - HOUR);
  assert.equal((await follow(keys)).removed, 0);
  keys.forward(2 * HOUR);
  assert.equal((await follow(keys)).removed, 1);
  const purposes = () =>
    keys.simulator.imported
      .list()
      .map(({ intendedPurpose }) => intendedPurpose)
      .toSorted();
  assert.deepEqual(purposes(), ['smimeEncryption', 'smimeEncryption', 'smimeSigning']);
  assert.deepEqual(await certificates(keys), ['delivered', 'delivered', 'delivered', 'delivered']);
});

test('a key that ends soon and has no successor is told when a twentieth of its life is left', async (t) => {
  let isDown = false;
  const keys = await withJane(t, { issuer: downWhile(() => isDown) });
  const { id } = await made(keys, 'smimeEncryption');
  isDown = true;
  keys.forward(0.9 * YEAR);
  assert.deepEqual((await follow(keys)).ending, []);
  assert.deepEqual(await makeUserKeys(keys.services, signal), { imported: 0, failed: 0, later: 1 });
  keys.forward(0.06 * YEAR);
  assert.deepEqual(
    (await follow(keys)).ending.map((key) => key.id),
    [id],
  );
  isDown = false;
  await makeUserKeys(keys.services, signal);
  assert.deepEqual((await follow(keys)).ending, []);
});

for (const action of ['disable', 'delete'] as const)
  for (const calls of [3, 4, 5, 6, 7, 8, 99])
    test(`a user is ${action}d: both certificates are revoked and the key for signing leaves, killed after ${calls} calls`, async (t) => {
      const keys = await withJane(t);
      for (const purpose of ['smimeSigning', 'smimeEncryption'] as const) await made(keys, purpose);
      assert.deepEqual(await revokeDeparted(keys.services, 20, signal), { users: 0, left: 0 });
      keys.simulator.directory.userAction({ action, ids: [JANE] });
      await revokeDeparted(killedAfter(calls, keys.services), 20, signal).catch(({ message }: Error) =>
        assert.equal(message, 'killed'),
      );
      await revokeDeparted(keys.services, 20, signal);
      assert.deepEqual(await certificates(keys), ['revoked', 'revoked']);
      assert.deepEqual(
        keys.simulator.imported.list().map(({ intendedPurpose }) => intendedPurpose),
        ['smimeEncryption'],
      );
      const kept = await keys.store.listUserKeys({});
      assert.deepEqual(kept.map((key) => [key.purpose, key.state, key.revokedAt !== undefined]).toSorted(), [
        ['smimeEncryption', 'imported', true],
        ['smimeSigning', 'ended', true],
      ]);
      assert.deepEqual(await revokeDeparted(keys.services, 20, signal), { users: 0, left: 0 });
      keys.forward(0.95 * YEAR);
      assert.equal((await follow(keys)).wanted, 0);
    });

test('when more users than the bound have gone at once, no key is touched', async (t) => {
  const keys = await withJane(t);
  await made(keys, 'smimeSigning');
  keys.simulator.directory.clear();
  assert.deepEqual(await revokeDeparted(keys.services, 0, signal), { users: 0, left: 1 });
  assert.deepEqual(await certificates(keys), ['delivered']);
  assert.equal(keys.simulator.imported.list().length, 1);
});

test('a comparison names what only Graph has and what only the server has, and changes nothing', async (t) => {
  const keys = await withJane(t);
  for (const purpose of ['smimeEncryption', 'smimeSigning'] as const) await made(keys, purpose);
  const [first] = keys.simulator.imported.list();
  const foreign = { ...first!, id: `${'0'.repeat(32)}-${'1'.repeat(40)}`, thumbprint: '1'.repeat(40) };
  keys.simulator.imported.set(foreign);
  keys.simulator.imported.remove(first!.id);
  const { same, unknown, missing } = await reconcileUserKeys(keys.services, signal);
  assert.deepEqual(
    [same, unknown.map(({ id }) => id), missing.map(({ thumbprint }) => thumbprint)],
    [1, [foreign.id], [first!.thumbprint]],
  );
  assert.equal(keys.simulator.imported.list().length, 2);
  assert.deepEqual(await states(keys), ['imported', 'imported']);
});
