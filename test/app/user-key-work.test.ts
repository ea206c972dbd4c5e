/** What operators do about keys of people by the API of a running server, with a simulated tenant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../src/app/configured-server.ts';
import { until } from '../kit/until.ts';
import { JANE, withTenant } from './people-tenant.ts';

const TOKEN = 'a-token-of-more-than-16';
type Key = { id: string; state: string; user: string };

test('a key is asked for, made, compared, renewed and revoked by an operator at the API', async (t) => {
  const people = ', people: { tenant: corp, endpoint: people }';
  const { config, store, simulator } = await withTenant(t, people, `admin: { port: 0, token: ${TOKEN} }\n`);
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 20 });
  t.after(() => server.close());
  const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${server.adminUrl}/api/v1${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const keys = async () => (await ask('/user-keys'))['keys'] as Key[];
  const isImported = (id: string) => async () =>
    (await keys()).some((key) => key.id === id && key.state === 'imported');

  const { key } = (await ask('/user-keys', { user: JANE, purpose: 'smimeSigning' })) as { key: Key };
  await until(isImported(key.id), 'the import');
  assert.deepEqual(
    simulator.imported.list().map(({ userPrincipalName }) => userPrincipalName),
    [JANE],
  );
  const { same, onlyIntune, onlyStore } = await ask('/reconciliations/user-keys');
  assert.deepEqual([same, onlyIntune, onlyStore], [1, { number: 0, first: [] }, { number: 0, first: [] }]);

  const renewed = (await ask(`/user-keys/${key.id}/renew`, {})) as { key: Key };
  await until(isImported(renewed.key.id), 'the import of the successor');
  assert.equal(simulator.imported.list().length, 2);

  const sent = { reason: 'keyCompromise', why: 'laptop stolen' };
  const revoked = (await ask(`/user-keys/${key.id}/revoke`, sent)) as { key: Key };
  assert.equal(revoked.key.state, 'ended');
  assert.equal(simulator.imported.list().length, 1);
  assert.deepEqual(
    (await store.listCertificates({ state: 'revoked' })).map(({ revocationReason }) => revocationReason),
    ['keyCompromise'],
  );
  const entries = (await store.listAudit({})).filter(({ event }) => /^key-|^revoked$/.test(event));
  assert.deepEqual(
    entries.map(({ event, actor, source }) => `${event} ${actor.kind} ${actor.name} ${source}`).toSorted(),
    [
      'key-revoked program token api',
      'key-wanted program token api',
      'key-wanted program token api',
      'revoked program token api',
    ],
  );
  const again = await ask(`/user-keys/${key.id}/revoke`, {});
  assert.deepEqual([again['status'], again['detail']], [409, 'this key has ended already']);
});
