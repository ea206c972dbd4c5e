/** Keys of people by actions: asked for, renewed, and compared with Intune. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { perform, type Desk } from '../../src/actions/action.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import type { UserKeyWork } from '../../src/actions/user-key-source.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import type { ListedPfx } from '../../src/core/imported-pfx.ts';
import { later, NOON } from '../../src/testing/store-samples.ts';
import { userKey } from '../kit/user-keys.ts';
import { desk } from './desk.ts';
import { callerWith, done } from './running-desk.ts';

const OPERATOR: RoleGrant = { role: 'operator' };
const JANE = 'jane@contoso.example';
type Wanted = { key: Record<string, unknown> };

/** A server that makes keys for `contoso` with the endpoint `people`. */
async function working(work: Partial<UserKeyWork> = {}): Promise<Desk> {
  const reconcile = async () => ({ same: 0, unknown: [], missing: [] });
  const revoke = async () => 'revoked' as const;
  const random = (length: number) => Buffer.alloc(length, 7);
  const places = [{ tenant: 'contoso', endpoint: 'people' }, { tenant: 'fabrikam' }];
  const own = { tenant: 'contoso', endpoint: 'people', random, reconcile, revoke, ...work };
  return { ...(await desk()), userKeys: { isConfigured: true, places, work: own } };
}

test('an operator asks for a key: it is wanted, and the history has who asked', async () => {
  const on = await working();
  const { key } = await done<Wanted>('userKeys.issue', { desk: on, grant: OPERATOR, sent: { user: ` ${JANE} ` } });
  assert.deepEqual(key, {
    id: '07'.repeat(16),
    tenant: 'contoso',
    user: JANE,
    purpose: 'smimeEncryption',
    origin: 'made',
    state: 'wanted',
    wantedAt: '2026-03-01T12:00:00.000Z',
    nextAt: '2026-03-01T12:00:00.000Z',
    tries: 0,
    inEscrow: false,
  });
  const [entry] = await on.store.listAudit({});
  assert.deepEqual(
    [entry?.event, entry?.endpoint, entry?.actor.name, entry?.source, entry?.detail],
    ['key-wanted', 'people', 'ada', 'page', `smimeEncryption for ${JANE} of contoso`],
  );
});

for (const [what, state, message] of [
  ['has one', 'imported', /the user has a key for this purpose/],
  ['waits for one', 'wanted', /is under way/],
] as const)
  test(`a user who ${what} gets no second key, and one for another purpose`, async () => {
    const on = await working();
    await on.store.addUserKey(userKey('a', { state }));
    const asked = done('userKeys.issue', { desk: on, grant: OPERATOR, sent: { user: JANE } });
    await assert.rejects(asked, { code: 'conflict', message });
    assert.deepEqual(await on.store.listAudit({}), []);
    await done('userKeys.issue', { desk: on, grant: OPERATOR, sent: { user: JANE, purpose: 'smimeSigning' } });
    assert.equal((await on.store.listUserKeys({})).length, 2);
  });

test('a user whose key was revoked or failed gets a new one', async () => {
  const on = await working();
  await on.store.addUserKey(userKey('a'));
  await on.store.changeUserKey('a', 'imported', { revokedAt: later(1) });
  await on.store.addUserKey(userKey('b', { state: 'failed' }));
  await done('userKeys.issue', { desk: on, grant: OPERATOR, sent: { user: JANE } });
});

for (const [what, sent] of [
  ['a name that is none', { user: 'jane' }],
  ['a purpose that keys are not made for', { user: JANE, purpose: 'wifi' }],
] as const)
  test(`${what} is refused`, async () => {
    const on = await working();
    await assert.rejects(done('userKeys.issue', { desk: on, grant: OPERATOR, sent }), { code: 'invalid' });
    assert.deepEqual(await on.store.listUserKeys({}), []);
  });

test('a successor of the newest key is wanted, once', async () => {
  const on = await working();
  await on.store.addUserKey(userKey('a', { userId: '6f2b1c34' }));
  const renew = () => done<Wanted>('userKeys.renew', { desk: on, grant: OPERATOR, sent: { id: 'a' } });
  const { key } = await renew();
  assert.deepEqual(
    [key['state'], key['user'], key['userId'], key['renews'], key['purpose']],
    ['wanted', 'Jane@contoso.example', '6f2b1c34', 'a', 'smimeEncryption'],
  );
  await assert.rejects(renew(), { code: 'conflict', message: /under way/ });
  assert.deepEqual(
    (await on.store.listAudit({})).map(({ event }) => event),
    ['key-wanted'],
  );
});

for (const [what, more, message] of [
  ['that is wanted', { state: 'wanted' }, /only a key that Intune has/],
  ['that has ended', { state: 'ended' }, /only a key that Intune has/],
  ['from a file', { origin: 'file' }, /from a file/],
  ['of a tenant for which no keys are made', { tenant: 'fabrikam' }, /for this tenant/],
] as const)
  test(`a key ${what} gets no successor`, async () => {
    const on = await working();
    await on.store.addUserKey(userKey('a', more));
    const asked = done('userKeys.renew', { desk: on, grant: OPERATOR, sent: { id: 'a' } });
    await assert.rejects(asked, { code: 'conflict', message });
    assert.equal((await on.store.listUserKeys({})).length, 1);
  });

test('a key that is revoked or has a newer one gets no successor', async () => {
  const on = await working();
  await on.store.addUserKey(userKey('a'));
  await on.store.addUserKey(userKey('b', { starts: later(1) }));
  const renew = (id: string) => done('userKeys.renew', { desk: on, grant: OPERATOR, sent: { id } });
  await assert.rejects(renew('a'), { code: 'conflict', message: /there is a newer key/ });
  await on.store.changeUserKey('b', 'imported', { revokedAt: NOON });
  await assert.rejects(renew('b'), { code: 'conflict', message: /not revoked/ });
  await assert.rejects(renew('c'), { code: 'not_found' });
});

const LISTED: ListedPfx = {
  id: 'one',
  userPrincipalName: JANE,
  purpose: 'smimeSigning',
  thumbprint: '02'.repeat(20),
  starts: NOON,
  ends: later(60),
  created: later(1),
  keyName: 'PFXKey',
};

test('a comparison has the numbers, and the first hundred of what differs', async () => {
  const unknown = Array.from({ length: 101 }, (_, n) => ({ ...LISTED, id: `unknown ${n}` }));
  const missing = [{ ...userKey('m'), tries: 0 }];
  const on = await working({ reconcile: async () => ({ same: 3, unknown, missing }) });
  type Compared = { same: number; onlyIntune: { number: number; first: object[] }; onlyStore: { first: object[] } };
  const { same, onlyIntune, onlyStore } = await done<Compared>('userKeys.reconcile', { desk: on, grant: OPERATOR });
  assert.deepEqual([same, onlyIntune.number, onlyIntune.first.length, onlyStore.first.length], [3, 101, 100, 1]);
  assert.deepEqual(onlyIntune.first[0], {
    id: 'unknown 0',
    user: JANE,
    purpose: 'smimeSigning',
    thumbprint: '02'.repeat(20),
    ends: later(60).toISOString(),
    importedAt: later(1).toISOString(),
  });
});

test('when Graph gives no answer, the error says why and what to do', async () => {
  const fault = Object.assign(new Error('the app may not read imports'), { remedy: 'Grant the permission.' });
  const on = await working({ reconcile: async () => Promise.reject(fault) });
  await assert.rejects(done('userKeys.reconcile', { desk: on, grant: OPERATOR }), {
    code: 'unavailable',
    message: /no answer that can be used: the app may not read imports/,
    remedy: 'Grant the permission.',
  });
});

test('a revocation names who asked and why, and counts as one for the log', async () => {
  const asked: unknown[] = [];
  const events: unknown[] = [];
  const on: Desk = {
    ...(await working({
      revoke: async ({ id }, { reason, why, entryOf }, { actor, source }) => {
        const { endpoint, detail } = entryOf({ event: 'key-revoked', transactionId: '', detail: 'Jane' });
        asked.push([id, reason, why, actor.name, source, endpoint, detail]);
        return 'revoked';
      },
    })),
    emit: (event) => void events.push(event),
  };
  await on.store.addUserKey(userKey('a', { certificate: { issuerId: 'f'.repeat(64), serial: '0a' } }));
  const sent = { id: 'a', reason: 'keyCompromise', why: 'stolen' };
  await done('userKeys.revoke', { desk: on, grant: OPERATOR, sent });
  assert.deepEqual(asked, [['a', 'keyCompromise', 'stolen', 'ada', 'page', 'people', 'Jane']]);
  assert.deepEqual(events, [{ event: 'certificates-revoked', source: 'page', reason: 'keyCompromise', number: 1 }]);
});

for (const [what, more, sent, expected] of [
  ['that has ended', { state: 'ended' }, {}, { code: 'conflict', message: /has ended already/ }],
  ['that is being imported', { state: 'issued' }, {}, { code: 'conflict', message: /is being imported/ }],
  ['of a tenant for which no keys are made', { tenant: 'fabrikam' }, {}, { code: 'conflict', message: /this tenant/ }],
  ['for a hold', {}, { reason: 'certificateHold' }, { code: 'invalid', message: /reason/ }],
] as const)
  test(`a key ${what} is not revoked`, async () => {
    const on = await working({ revoke: async () => assert.fail('it is revoked') });
    await on.store.addUserKey(userKey('a', more));
    await assert.rejects(done('userKeys.revoke', { desk: on, grant: OPERATOR, sent: { id: 'a', ...sent } }), expected);
  });

test('a key that another process changed meanwhile is to be revoked again', async () => {
  const on = await working({ revoke: async () => 'left' });
  await on.store.addUserKey(userKey('a'));
  const asked = done('userKeys.revoke', { desk: on, grant: OPERATOR, sent: { id: 'a' } });
  await assert.rejects(asked, { code: 'conflict', message: /changed meanwhile/ });
});

test('beyond a hundred revocations within an hour a second person confirms, also for a key of a person', async () => {
  const proposed: unknown[] = [];
  const secondPerson = { propose: async ({ action }: { action: string }) => `${proposed.push(action)}` };
  const on: Desk = { ...(await working({ revoke: async () => assert.fail('it is revoked') })), secondPerson };
  const certificate = { issuerId: 'f'.repeat(64), serial: '0a' };
  await on.store.addUserKey(userKey('a', { certificate }));
  for (let n = 0; n < 100; n++)
    await on.store.addEntry({
      at: on.clock(),
      event: 'revoked',
      endpoint: '/scep',
      transactionId: `${n}`,
      actor: { kind: 'person', name: 'ada' },
      source: 'page',
    });
  const revoking = perform(actionNamed('userKeys.revoke'), {
    desk: on,
    caller: callerWith(OPERATOR),
    sent: { id: 'a' },
  });
  assert.deepEqual(await revoking, { kind: 'proposed', id: '1' });
  assert.deepEqual(proposed, ['userKeys.revoke']);
});

const CHANGES = [
  ['userKeys.issue', { user: JANE, purpose: 'smimeSigning' }],
  ['userKeys.renew', { id: 'a' }],
  ['userKeys.reconcile', {}],
  ['userKeys.revoke', { id: 'a' }],
] as const;

for (const [name, sent] of CHANGES) {
  test(`${name} is for operators who reach the tenant`, async () => {
    const on = await working();
    await on.store.addUserKey(userKey('a'));
    const as = (grant: RoleGrant) => perform(actionNamed(name), { desk: on, caller: callerWith(grant), sent });
    await assert.rejects(as({ role: 'auditor' }), { code: 'forbidden' });
    await assert.rejects(as({ role: 'operator', tenants: ['fabrikam'] }), { code: /forbidden|not_found/ });
    await assert.rejects(as({ role: 'operator', endpoints: ['/scep'] }), { code: /forbidden|not_found/ });
    assert.equal((await on.store.listUserKeys({})).length, 1);
    assert.equal((await as({ role: 'operator', endpoints: ['people'] })).kind, 'done');
  });

  test(`${name} says that a server makes no keys, and what to configure`, async () => {
    const { work: _, ...without } = (await working()).userKeys!;
    const on = { ...(await desk()), userKeys: without };
    await on.store.addUserKey(userKey('a'));
    await assert.rejects(done(name, { desk: on, grant: OPERATOR, sent }), {
      code: 'unavailable',
      message: 'this server makes no keys for people',
      remedy: /`pfx\.connector` and `pfx\.people`/,
    });
  });
}
