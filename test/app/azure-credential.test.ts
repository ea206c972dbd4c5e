/** The identity for keys in Azure, by the variables of Azure's own tools. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { azureCredential } from '../../src/app/azure-credential.ts';

const RESOURCE = 'https://vault.azure.net';

/** The URL of a service of this machine that gives tokens, and what it was asked. */
async function identityService(t: TestContext) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${String(request.headers['x-identity-header'])}`);
    response.end(JSON.stringify({ access_token: 'a-token', expires_in: 60 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close().closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, asked };
}

test('App Service is asked with its header, for the identity that AZURE_CLIENT_ID names', async (t) => {
  const { url, asked } = await identityService(t);
  const env = { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: 'h', AZURE_CLIENT_ID: 'c1' };
  const { fetch, close } = azureCredential(RESOURCE, env);
  t.after(close);
  assert.deepEqual(await fetch(AbortSignal.timeout(9000)), { token: 'a-token', livesMs: 60_000 });
  assert.deepEqual(asked, ['/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=c1 h']);
});

for (const [name, env] of [
  ['a secret without its tenant', { AZURE_CLIENT_SECRET: 's', AZURE_CLIENT_ID: 'c' }],
  ['an assertion without its app', { AZURE_FEDERATED_TOKEN_FILE: '/f', AZURE_TENANT_ID: 't' }],
] as const)
  test(`${name} is refused`, () =>
    assert.throws(() => azureCredential(RESOURCE, env), {
      name: 'ConfigError',
      message: /without AZURE_TENANT_ID and AZURE_CLIENT_ID/,
    }));
