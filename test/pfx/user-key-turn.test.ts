/** The work of a server on the keys of people, turn by turn with a clock of its own: what is due, and what is noted of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { IssuerError } from '../../src/core/errors.ts';
import { USER_KEY_TIMES } from '../../src/pfx/follow-user-keys.ts';
import { parseSubjectTemplate } from '../../src/pfx/subject-template.ts';
import { userKeyTurn } from '../../src/pfx/user-key-turn.ts';
import { DAY, HOUR, YEAR } from '../kit/pki.ts';
import { type Keys, keysUnderTest, wantedKey } from './keys-under-test.ts';

const { signal } = new AbortController();
const JANE = 'jane@contoso.example';
const DOWN = new IssuerError({ code: 'unavailable', retryable: true, adminText: 'down', clientText: 'down' });

/** `ca`: set `isDown` to have it fail. */
async function withJane(t: TestContext) {
  const ca = { isDown: false };
  const keys = await keysUnderTest(t, {
    issuer: (local) => ({ ...local, issue: (...asked) => (ca.isDown ? Promise.reject(DOWN) : local.issue(...asked)) }),
  });
  keys.simulator.directory.addUsers({ users: [{ userPrincipalName: JANE, mail: JANE }] });
  return { ...keys, ca };
}

const turn = ({ services, store }: Keys, mostGone = 20) =>
  userKeyTurn({ ...services, store }, { times: USER_KEY_TIMES, mostGone }, signal);
const notes = async ({ store }: Keys) => {
  const { followed: _, compared: __, ...faults } = await store.userKeyNotes('contoso');
  return faults;
};
const states = async ({ store }: Keys) => (await store.listUserKeys({})).map(({ state }) => state);
const purposesThere = ({ simulator }: Keys) => simulator.imported.list().map(({ intendedPurpose }) => intendedPurpose);

async function withKey(t: TestContext, purpose: 'smimeSigning' | 'smimeEncryption' = 'smimeEncryption') {
  const keys = await withJane(t);
  await keys.store.addUserKey(wantedKey(keys, { purpose }));
  await turn(keys);
  const [key] = await keys.store.listUserKeys({});
  return { ...keys, key: key! };
}

test('of three servers that work one after the other one renews, in the turn after a fifth of the life is left', async (t) => {
  const keys = await withKey(t);
  const life = keys.key.ends!.getTime() - keys.key.starts!.getTime();
  const left = () => keys.key.ends!.getTime() - keys.services.clock().getTime();
  keys.forward(Math.floor((left() - life / 5) / 1000) * 1000 - 2 * HOUR);
  await turn(keys);
  assert.deepEqual(await states(keys), ['imported']);
  keys.forward(2 * HOUR + 1000);
  for (let server = 0; server < 3; server++) await turn(keys);
  assert.deepEqual(await states(keys), ['imported', 'imported']);
  assert.equal(keys.simulator.imported.list().length, 2);
});

test('users and ends are looked at every hour, keys that are due in each turn, and what is there is compared every day', async (t) => {
  const keys = await withKey(t, 'smimeSigning');
  keys.simulator.directory.userAction({ action: 'disable', ids: [JANE] });
  keys.simulator.directory.addUsers({
    users: [{ userPrincipalName: 'joe@contoso.example', mail: 'joe@contoso.example' }],
  });
  await keys.store.addUserKey(wantedKey(keys, { userPrincipalName: 'joe@contoso.example' }));
  await turn(keys);
  assert.deepEqual(await states(keys), ['imported', 'imported'], 'the hour is not over');
  keys.forward(HOUR);
  await turn(keys);
  assert.deepEqual(await states(keys), ['ended', 'imported']);
  const [there] = keys.simulator.imported.list();
  keys.simulator.imported.set({ ...there!, id: `${'0'.repeat(32)}-${'1'.repeat(40)}` });
  await turn(keys);
  assert.deepEqual(await notes(keys), {});
  keys.forward(DAY);
  await turn(keys);
  const unknown = `only Intune has ${'0'.repeat(32)}-${'1'.repeat(40)} of joe@contoso.example`;
  assert.deepEqual(await notes(keys), { differs: `Intune alone has 1 keys, and the store alone 0: ${unknown}` });
  assert.equal(keys.simulator.imported.list().length, 2, 'nothing is deleted');
  keys.simulator.imported.remove(`${'0'.repeat(32)}-${'1'.repeat(40)}`);
  keys.forward(DAY);
  await turn(keys);
  assert.deepEqual(await notes(keys), {});
});

test('a CA that is down is asked again, and the key without a successor is told at a twentieth of its life until there is one', async (t) => {
  const keys = await withKey(t);
  const ending = async () =>
    (await keys.store.endingUserKeys('contoso', { at: keys.services.clock(), percent: 5, limit: 9 })).map(
      ({ id }) => id,
    );
  keys.ca.isDown = true;
  keys.forward(0.85 * YEAR);
  await turn(keys);
  const tries = async () => (await keys.store.listUserKeys({ states: ['wanted'] })).map((key) => key.tries);
  assert.deepEqual([await tries(), await ending()], [[1], []]);
  for (const minutes of [2, 4]) {
    keys.forward((minutes * HOUR) / 60 - 1000);
    const before = await tries();
    await turn(keys);
    assert.deepEqual(await tries(), before, `${minutes} minutes are not over`);
    keys.forward(1000);
    await turn(keys);
  }
  assert.deepEqual([await tries(), await ending()], [[3], []]);
  keys.forward(0.11 * YEAR);
  await turn(keys);
  assert.deepEqual(await ending(), [keys.key.id]);
  keys.ca.isDown = false;
  keys.forward(6 * HOUR);
  await turn(keys);
  assert.deepEqual([await states(keys), await ending()], [['imported', 'imported'], []]);
});

test('a renewed key for signing leaves Intune after seven days, and the old one for encryption stays', async (t) => {
  const keys = await withKey(t, 'smimeSigning');
  await keys.store.addUserKey(wantedKey(keys));
  await turn(keys);
  keys.forward(0.85 * YEAR);
  await turn(keys);
  assert.equal(purposesThere(keys).length, 4);
  keys.forward(7 * DAY - 60_000);
  await turn(keys);
  assert.equal(purposesThere(keys).length, 4);
  keys.forward(HOUR);
  await turn(keys);
  assert.deepEqual(purposesThere(keys).toSorted(), ['smimeEncryption', 'smimeEncryption', 'smimeSigning']);
});

test('a missing permission is noted with its name, and the note goes when Graph permits again', async (t) => {
  const keys = await withKey(t);
  keys.simulator.app.setRoles({ graph: ['DeviceManagementConfiguration.ReadWrite.All'] });
  keys.forward(2 * HOUR);
  await turn(keys);
  assert.match((await notes(keys)).graph ?? '', /User\.Read\.All/);
  assert.deepEqual(await states(keys), ['imported']);
  keys.simulator.app.setRoles({ graph: ['User.Read.All', 'DeviceManagementConfiguration.ReadWrite.All'] });
  keys.forward(HOUR);
  await turn(keys);
  assert.deepEqual(await notes(keys), {});
});

test('more users than the bound who have gone at once are noted, and the note goes when they are back', async (t) => {
  const keys = await withKey(t, 'smimeSigning');
  keys.simulator.directory.userAction({ action: 'disable', ids: [JANE] });
  keys.forward(HOUR);
  await turn(keys, 0);
  assert.deepEqual(await notes(keys), { gone: '1 users with keys are disabled or not in the directory any more' });
  assert.deepEqual(await states(keys), ['imported']);
  keys.simulator.directory.userAction({ action: 'enable', ids: [JANE] });
  keys.forward(HOUR);
  await turn(keys, 0);
  assert.deepEqual([await notes(keys), await states(keys)], [{}, ['imported']]);
});

test('a successor that failed for good is wanted again after a day, and takes the place of the one that failed', async (t) => {
  const keys = await withKey(t);
  keys.forward(0.85 * YEAR);
  const plan = { ...keys.services.plan, subject: parseSubjectTemplate('CN={{Department}}') };
  const failing = { ...keys, services: { ...keys.services, plan } };
  await turn(failing);
  assert.deepEqual(await states(keys), ['imported', 'failed']);
  keys.forward(2 * HOUR);
  await turn(failing);
  assert.deepEqual(await states(keys), ['imported', 'failed'], 'the day is not over');
  keys.forward(DAY);
  await turn(keys);
  assert.deepEqual(await states(keys), ['imported', 'ended', 'imported']);
});

test('keys that are due wait for the next turn when users are to be looked at first', async (t) => {
  const keys = await withJane(t);
  for (const user of ['a', 'b', 'c']) {
    const name = `${user}@contoso.example`;
    keys.simulator.directory.addUsers({ users: [{ userPrincipalName: name, mail: name }] });
    await keys.store.addUserKey(wantedKey(keys, { userPrincipalName: name }));
  }
  // The first certificate takes an hour.
  const certify: Keys['services']['certify'] = async (...asked) => {
    const made = await keys.services.certify(...asked);
    keys.forward(HOUR);
    return made;
  };
  const slow = { ...keys, services: { ...keys.services, certify } };
  await turn(slow);
  assert.deepEqual(await states(keys), ['imported', 'wanted', 'wanted']);
  await turn(slow);
  assert.deepEqual(await states(keys), ['imported', 'imported', 'wanted']);
});
