/** The API on the listener of a started server: which tokens it takes, and that nothing else opens it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basic, TOKEN, USERS } from '../wiring/administrator.ts';
import { hashOfToken, tokenOf } from '../wiring/operators.ts';
import { shared } from '../wiring/server.ts';

const admin = {
  port: 0,
  token: TOKEN,
  users: USERS,
  tokens: {
    looks: { hash: hashOfToken('looks'), role: 'viewer' },
    works: { hash: hashOfToken('works'), role: 'operator' },
    ended: { hash: hashOfToken('ended'), role: 'admin', expires: '2026-01-01T00:00:00Z' },
  },
};
const running = shared({ admin });
const bearer = (name: string): string => `Bearer ${tokenOf(name)}`;
const NAME = 'user:bob@example.com';

async function block(authorization: string): Promise<string> {
  const { adminUrl } = await running();
  const response = await fetch(`${adminUrl}/api/v1/blocks`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name: NAME }),
  });
  const { code, added } = (await response.json()) as { code?: string; added?: boolean };
  return `${response.status} ${String(code ?? added)}`;
}

for (const [who, authorization, answer] of [
  ['the token of an operator', bearer('works'), '200 true'],
  ['the token of `admin.token`', `Bearer ${TOKEN}`, '200 false'],
  ['the token of a viewer', bearer('looks'), '403 forbidden'],
  ['a token that has expired', bearer('ended'), '401 unauthorized'],
  ['a user who may have one-time passwords', basic('ndes', 'correct horse').authorization, '401 unauthorized'],
] as const)
  test(`${who} gets ${answer} for a change`, async () => {
    assert.equal(await block(authorization), answer);
  });

test('a reader sees what another one changed, and who did it', async () => {
  const { adminUrl } = await running();
  await block(bearer('works'));
  const response = await fetch(`${adminUrl}/api/v1/blocks`, { headers: { authorization: bearer('looks') } });
  const { blocks } = (await response.json()) as { blocks: { name: string; by: string }[] };
  assert.deepEqual(
    blocks.map(({ name, by }) => `${name} ${by}`),
    [`${NAME} works`],
  );
});

test('without a token in the configuration there is no API', async () => {
  const { adminUrl } = await shared({ admin: { port: 0, users: USERS } })();
  assert.equal((await fetch(`${adminUrl}/api/v1/blocks`)).status, 404);
});
