/** What libraries ask of Entra beside the token: metadata, the first version of the endpoint, ids that are echoed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTenant, type Tenant } from './tenant.ts';

type EntraError = { error: string; error_description: string; error_codes: number[] };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const askV1 = ({ simulator, send }: Tenant, fields: Record<string, string> = {}, tenant = simulator.tenant.tenant) => {
  const { clientId, clientSecret, cloud } = simulator.tenant;
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const body = new URLSearchParams({ ...form, resource: `${cloud.intune}/`, ...fields }).toString();
  return send('POST', `${cloud.login}/${tenant}/oauth2/token`, FORM, body);
};

for (const scope of [
  'SCOPE openid profile offline_access',
  'openid profile offline_access SCOPE',
  'SCOPE  openid',
  'SCOPE',
])
  test(`the scopes of OpenID Connect are ignored: ${scope}`, async (t) => {
    const { askToken, simulator } = await startTenant(t);
    const reply = await askToken({ scope: scope.replace('SCOPE', `${simulator.tenant.cloud.intune}//.default`) });
    assert.equal(reply.status, 200);
  });

for (const scope of [
  'openid profile',
  'GRAPH/.default INTUNE//.default',
  'GRAPH/User.Read.All',
  'email GRAPH/.default',
])
  test(`without exactly one /.default a scope is refused: ${scope}`, async (t) => {
    const { askToken, simulator } = await startTenant(t);
    const { graph, intune } = simulator.tenant.cloud;
    const reply = await askToken({ scope: scope.replace('GRAPH', graph).replace('INTUNE', intune) });
    assert.deepEqual([reply.status, (JSON.parse(reply.text) as EntraError).error_codes], [400, [70011]]);
  });

test('the first version of the endpoint gives a token that Intune accepts, with numbers as text', async (t) => {
  const tenant = await startTenant(t);
  const reply = await askV1(tenant);
  assert.equal(reply.status, 200);
  const body = JSON.parse(reply.text) as Record<string, string>;
  assert.deepEqual(
    [body['token_type'], body['expires_in'], body['resource']],
    ['Bearer', '3600', `${tenant.simulator.tenant.cloud.intune}/`],
  );
  assert.equal(Number(body['expires_on']) - Number(body['not_before']), 3600);
  const accepted = await tenant.act('validateRequest', {}, { authorization: `Bearer ${body['access_token']}` });
  assert.equal(accepted.status, 400, 'past the token check');
  assert.deepEqual(tenant.simulator.calls().map(({ hop, code }) => [hop, code])[0], ['tokenV1', 'OK']);
});

for (const [name, fields, status, error, number] of [
  ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', 7000215],
  ['no secret', { client_secret: '' }, 401, 'invalid_client', 7000218],
  ['an unknown client', { client_id: 'unknown' }, 400, 'unauthorized_client', 700016],
  ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
  ['no resource', { resource: '' }, 400, 'invalid_request', 900144],
  ['an unknown resource', { resource: 'https://vault.azure.net' }, 400, 'invalid_resource', 500011],
] as const)
  test(`the first version of the endpoint refuses ${name} with the same number`, async (t) => {
    const reply = await askV1(await startTenant(t), fields);
    const body = JSON.parse(reply.text) as EntraError;
    assert.deepEqual([reply.status, body.error, body.error_codes], [status, error, [number]]);
    assert.match(body.error_description, new RegExp(`^AADSTS${number}: `));
  });

test('the first version of the endpoint refuses an unknown tenant, and no secret is recorded', async (t) => {
  const tenant = await startTenant(t);
  const reply = await askV1(tenant, {}, 'unknown');
  assert.deepEqual((JSON.parse(reply.text) as EntraError).error_codes, [90002]);
  await askV1(tenant);
  assert.ok(!JSON.stringify(tenant.simulator.calls()).includes(tenant.simulator.tenant.clientSecret));
});

test('the OpenID configuration is also served without v2.0, with the endpoints of that version', async (t) => {
  const { send, simulator } = await startTenant(t);
  const { cloud, tenant } = simulator.tenant;
  const { text } = await send('GET', `${cloud.login}/${tenant}/.well-known/openid-configuration`, {});
  const body = JSON.parse(text) as Record<string, string>;
  assert.equal(body['token_endpoint'], `${cloud.login}/${tenant}/oauth2/token`);
  assert.equal(body['issuer'], `${cloud.login}/${simulator.state.tenantId}/`);
  assert.equal((await send('GET', body['jwks_uri']!, {})).status, 200);
});

test('instance discovery names the authority, and refuses another one', async (t) => {
  const { send, simulator } = await startTenant(t);
  const { login } = simulator.tenant.cloud;
  const ask = (authority: string) =>
    send('GET', `${login}/common/discovery/instance?api-version=1.1&authorization_endpoint=${authority}`, {});
  const body = JSON.parse((await ask(`${login}/contoso/oauth2/v2.0/authorize`)).text) as {
    tenant_discovery_endpoint: string;
    metadata: { preferred_network: string; aliases: string[] }[];
  };
  assert.equal(body.tenant_discovery_endpoint, `${login}/contoso/v2.0/.well-known/openid-configuration`);
  const host = new URL(login).host;
  assert.deepEqual(body.metadata, [{ preferred_network: host, preferred_cache: host, aliases: [host] }]);
  for (const authority of ['https://evil.example/contoso/authorize', 'no-url', '']) {
    const reply = await ask(authority);
    assert.deepEqual([reply.status, (JSON.parse(reply.text) as EntraError).error], [400, 'invalid_instance']);
  }
});

test('client-request-id is echoed by every service when the client asks for it, and not otherwise', async (t) => {
  const { send, simulator, discover } = await startTenant(t);
  const { cloud, tenant } = simulator.tenant;
  const id = '0f1d2c3b-0000-4000-8000-000000000001';
  const openid = `${cloud.login}/${tenant}/v2.0/.well-known/openid-configuration`;
  const asked = { 'client-request-id': id, 'return-client-request-id': 'true' };
  for (const url of [openid, `${cloud.graph}/v1.0/me`, `${cloud.graph}/RACerts/x`])
    assert.equal((await send('GET', url, asked)).headers['client-request-id'], id, url);
  const inQuery = await send('GET', `${openid}?client-request-id=${id}&return-client-request-id=true`, {});
  assert.equal(inQuery.headers['client-request-id'], id);
  const silent = await send('GET', openid, { 'client-request-id': id, 'return-client-request-id': 'false' });
  assert.equal(silent.headers['client-request-id'], undefined);
  assert.equal((await discover()).headers['client-request-id'], undefined);
});

test('an unknown path is answered in the form of the service that it belongs to', async (t) => {
  const { send, simulator } = await startTenant(t);
  const { login } = simulator.tenant.cloud;
  const body = async (path: string, method: 'GET' | 'POST' = 'GET') => {
    const { status, text } = await send(method, login + path, {});
    assert.equal(status, 404, path);
    return JSON.parse(text) as { error: unknown };
  };
  const intune = (await body('/RACerts/ScepRequestValidationFEService/x', 'POST')).error as { message: string };
  assert.match((JSON.parse(intune.message) as { Message: string }).Message, /RACerts/);
  for (const path of ['/v1.0/me', '/beta/users'])
    assert.equal(((await body(path)).error as { code: string }).code, 'ResourceNotFound', path);
  for (const path of ['/', '/contoso/oauth2/v3.0/token', '/v1.0.1'])
    assert.equal(typeof (await body(path)).error, 'string', path);
});

test('the endpoints are listed under both spellings of the path', async (t) => {
  const { send, token, simulator } = await startTenant(t);
  const { graph } = simulator.tenant.cloud;
  const authorization = `Bearer ${await token(`${graph}/.default`)}`;
  for (const path of [
    "/v1.0/servicePrincipals(appId='0000000a-0000-0000-c000-000000000000')/endpoints",
    '/v1.0/servicePrincipals(appId=%270000000a-0000-0000-c000-000000000000%27)/endpoints',
  ])
    assert.equal((await send('GET', graph + path, { authorization })).status, 200, path);
});
