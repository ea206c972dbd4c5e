/** Two persons over HTTP: a program proposes by the API, and a person confirms, by the API and on the page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dirname, join } from 'node:path';
import { file } from './files.ts';
import { hashOfToken, login, tokenOf, user } from './operators.ts';
import { configured, started } from './server.ts';

/** The number of a revocation that needs two; there are no such certificates, so that it ends with 400. */
const MANY = { filter: { cn: 'nobody' }, digest: '00'.repeat(32), confirm: 101 };

async function underTest() {
  const tokens = { inventory: { hash: hashOfToken('inventory'), role: 'operator' } };
  const { adminUrl } = await started(
    configured({ admin: { port: 0, twoPersons: true, tokens, users: { ada: user('operator'), bob: user('viewer') } } }),
  );
  const ask = async (method: string, path: string, headers: Record<string, string>, body?: object) => {
    const response = await fetch(`${adminUrl}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const program = { authorization: `Bearer ${tokenOf('inventory')}` };
  const propose = async () => String((await ask('POST', '/revocations', program, MANY)).body['proposal']);
  return { adminUrl, ask, program, propose };
}

test('what a program proposes, a person confirms or withdraws, once', async () => {
  const { adminUrl, ask, program, propose } = await underTest();
  const [first, second] = [await propose(), await propose()];
  assert.match(first, /^[0-9a-f]{10}$/);
  const ada = { cookie: (await login(adminUrl, 'ada')).cookie };
  const { body } = await ask('GET', '/proposals', ada);
  const listed = (body['proposals'] as { id: string; by: string; source: string }[]).map(({ id, by, source }) => ({
    id,
    by,
    source,
  }));
  assert.deepEqual(
    listed.toSorted((a, b) => a.id.localeCompare(b.id)),
    [first, second].toSorted().map((id) => ({ id, by: 'inventory', source: 'api' })),
  );
  assert.equal((await ask('POST', `/proposals/${first}/confirm`, program, {})).status, 403);
  // It is run, and says by itself that there is nothing to revoke.
  assert.deepEqual((await ask('POST', `/proposals/${first}/confirm`, ada, {})).status, 400);
  assert.equal((await ask('POST', `/proposals/${first}/confirm`, ada, {})).status, 404);
  assert.equal((await ask('DELETE', `/proposals/${second}`, ada)).status, 200);
  assert.deepEqual((await ask('GET', '/proposals', ada)).body, { proposals: [] });
});

test('a program whose role was taken away since then has proposed nothing that can be confirmed', async () => {
  const store = `sqlite:${join(dirname(file('proposed/here', '')), 'store.db')}`;
  const serverWith = (role: string) => {
    const tokens = { inventory: { hash: hashOfToken('inventory'), role } };
    return started(
      configured({ store, admin: { port: 0, twoPersons: true, tokens, users: { ada: user('operator') } } }),
    );
  };
  const before = await serverWith('operator');
  const proposed = await fetch(`${before.adminUrl}/api/v1/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokenOf('inventory')}`, 'content-type': 'application/json' },
    body: JSON.stringify(MANY),
  });
  const { proposal } = (await proposed.json()) as { proposal: string };
  await before.close();
  const { adminUrl } = await serverWith('viewer');
  const { cookie } = await login(adminUrl, 'ada');
  const confirmed = await fetch(`${adminUrl}/api/v1/proposals/${proposal}/confirm`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(confirmed.status, 403);
});

test('the page shows what is proposed, with buttons for those who may operate', async () => {
  const { adminUrl, propose } = await underTest();
  const id = await propose();
  const pageOf = async (name: string) => {
    const { cookie } = await login(adminUrl, name);
    return (await fetch(`${adminUrl}/admin/proposals`, { headers: { cookie } })).text();
  };
  const [operator, viewer] = [await pageOf('ada'), await pageOf('bob')];
  for (const page of [operator, viewer]) assert.ok(page.includes(id) && page.includes('certificates.revokeMany'));
  assert.match(operator, /action="\/admin\/proposals\/confirm"/);
  assert.ok(!viewer.includes('action="/admin/proposals/confirm"'));
});
