/** Keys of people in a running server: it makes what is wanted, follows users, and says what is wrong until it is mended. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { systemClock } from '../../src/embed/system.ts';
import { until } from '../kit/until.ts';
import { JANE, withTenant } from './people-tenant.ts';

async function withServer(t: TestContext, people = ', people: { tenant: corp, endpoint: people }') {
  const tenant = await withTenant(t, people, 'admin: { port: 0, token: a-token-of-more-than-16 }\n');
  const server = await startServer(tenant.config, { logLevel: 'silent', workers: 1, watchEvery: 20 });
  t.after(() => server.close());
  const wanted = (userPrincipalName: string, purpose: 'smimeSigning' | 'smimeEncryption' = 'smimeSigning') => {
    const now = systemClock();
    const key = {
      tenant: 'corp',
      userPrincipalName,
      purpose,
      origin: 'made',
      state: 'wanted',
      at: now,
      dueAt: now,
    } as const;
    return tenant.store.addUserKey({ id: `${userPrincipalName} ${purpose}`, ...key });
  };
  const states = async () => (await tenant.store.listUserKeys({})).map(({ state }) => state).join(' ');
  const wrong = async () => ((await server.desk().conditions?.())?.open ?? []).map(({ id }) => id);
  return { ...tenant, server, wanted, states, wrong };
}

test('a server makes the keys that are wanted, and revokes those of a user who was disabled', async (t) => {
  const { simulator, store, cli, wanted, states } = await withServer(t);
  await wanted(JANE);
  await wanted(JANE, 'smimeEncryption');
  await until(async () => (await states()) === 'imported imported', 'both imports');
  assert.match((await cli('jobs')).out, /\npfx corp +(?:waiting|running) {2}/);
  assert.equal(simulator.imported.list().length, 2);
  simulator.directory.userAction({ action: 'disable', ids: [JANE] });
  // As if an hour were over.
  await store.noteUserKeys('corp', 'followed', null);
  await until(async () => (await store.listCertificates({ state: 'revoked' })).length === 2, 'both revocations');
  await until(() => simulator.imported.list().length === 1, 'the end of the key for signing');
  const [entry] = (await store.listAudit({})).filter(({ event }) => event === 'revoked');
  assert.deepEqual([entry?.actor, entry?.source], [{ kind: 'system', name: 'pfx corp' }, 'job']);
});

test('a key that has failed is told in `/readyz` and as a condition, until it is ended', async (t) => {
  const { server, store, wanted, wrong } = await withServer(t);
  await wanted('nobody@contoso.example');
  await until(async () => (await wrong()).includes('user-keys-failed:corp'), 'the condition');
  const standing = async () =>
    ((await (await fetch(`${server.adminUrl}/readyz`)).json()) as { userKeys: string }).userKeys;
  assert.match(await standing(), /^failed: Keys of people could not be made: 1, the first for nobody@contoso\.example/);
  const [key] = await store.listUserKeys({});
  await store.changeUserKey(key!.id, 'failed', { state: 'ended' });
  await until(async () => (await wrong()).length === 0, 'no condition any more');
  assert.equal(await standing(), 'ok');
});

test('without `pfx.people` a server leaves the keys to the commands', async (t) => {
  const { cli, server, wanted, states } = await withServer(t, '');
  await wanted(JANE);
  await until(async () => /\ntenants +\w+ {2}\d{4}/.test((await cli('jobs')).out), 'the other jobs');
  assert.doesNotMatch((await cli('jobs')).out, /pfx/);
  assert.equal(await states(), 'wanted');
  await server.close();
});
