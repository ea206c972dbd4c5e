/** The managed identity endpoints: App Service, IMDS and Azure Arc. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ManagedIdentityApplication } from '@azure/msal-node';
import { startTenant, type Tenant } from './tenant.ts';

type Answer = Record<'access_token' | 'expires_in' | 'expires_on' | 'resource' | 'client_id' | 'error', string>;

const resourceOf = ({ simulator }: Tenant): string => `${simulator.tenant.cloud.intune}/`;

async function ask(tenant: Tenant, endpoint: string, query: Record<string, string>, headers: Record<string, string>) {
  const {
    status,
    text,
    headers: answered,
  } = await tenant.send('GET', `${endpoint}?${new URLSearchParams(query).toString()}`, headers);
  return { status, headers: answered, json: JSON.parse(text) as Answer };
}

const accepted = async (tenant: Tenant, token: string): Promise<boolean> =>
  (await tenant.act('validateRequest', {}, { authorization: `Bearer ${token}` })).status === 400;

test('App Service gives a token for the header that it gave the program, which Intune accepts', async (t) => {
  const tenant = await startTenant(t);
  const { endpoint, header } = tenant.simulator.identity.appService;
  const query = { 'api-version': '2019-08-01', resource: resourceOf(tenant) };
  const { status, json } = await ask(tenant, endpoint, query, { 'x-identity-header': header });
  assert.equal(status, 200);
  assert.equal(json.resource, resourceOf(tenant));
  assert.equal(json.expires_in, '86400');
  assert.ok(await accepted(tenant, json.access_token));
  for (const headers of [{}, { 'x-identity-header': 'wrong' }, { metadata: 'true' }])
    assert.equal((await ask(tenant, endpoint, query, headers)).status, 401);
  assert.equal(
    (await ask(tenant, endpoint, { ...query, 'api-version': '2018-02-01' }, { 'x-identity-header': header })).status,
    400,
  );
});

test('IMDS needs the header Metadata, a version and a resource, and refuses a forwarded request', async (t) => {
  const tenant = await startTenant(t);
  const { endpoint } = tenant.simulator.identity.imds;
  assert.equal(new URL(endpoint).pathname, '/metadata/identity/oauth2/token');
  const query = { 'api-version': '2018-02-01', resource: resourceOf(tenant) };
  const { json } = await ask(tenant, endpoint, query, { metadata: 'true' });
  assert.ok(await accepted(tenant, json.access_token));
  const graph = await ask(
    tenant,
    endpoint,
    { ...query, resource: tenant.simulator.tenant.cloud.graph },
    { metadata: 'true' },
  );
  assert.equal((await tenant.discover(graph.json.access_token)).status, 200);
  for (const [change, headers, error] of [
    [{}, {}, 'bad_request_102'],
    [{}, { metadata: 'false' }, 'bad_request_102'],
    [{}, { metadata: 'true', 'x-forwarded-for': '10.0.0.1' }, 'bad_request'],
    [{ 'api-version': '' }, { metadata: 'true' }, 'bad_request'],
    [{ resource: 'https://vault.azure.net' }, { metadata: 'true' }, 'invalid_resource'],
    [{ client_id: 'another' }, { metadata: 'true' }, 'invalid_request'],
  ] as const) {
    const { status, json: refused } = await ask(tenant, endpoint, { ...query, ...change }, headers);
    assert.deepEqual([status, refused.error], [400, error]);
  }
  const named = await ask(tenant, endpoint, { ...query, client_id: json.client_id }, { metadata: 'true' });
  assert.equal(named.status, 200);
});

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'openndes-arc-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return join(dir, 'tokens');
}

test('Azure Arc names a file, gives the token for its content, once, and takes the file away', async (t) => {
  const arcTokens = folder(t);
  const tenant = await startTenant(t, { arcTokens });
  const { endpoint } = tenant.simulator.identity.arc;
  const query = { 'api-version': '2019-11-01', resource: resourceOf(tenant) };
  const challenged = await ask(tenant, endpoint, query, { metadata: 'true' });
  assert.equal(challenged.status, 401);
  const path = /^Basic realm=(.+\.key)$/.exec(String(challenged.headers['www-authenticate']))![1]!;
  assert.ok(isAbsolute(path) && path.startsWith(arcTokens));
  if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o007, 0);
  const headers = { metadata: 'true', authorization: `Basic ${readFileSync(path, 'utf8')}` };
  assert.equal((await ask(tenant, endpoint, query, { ...headers, metadata: '' })).status, 400);
  const { status, json } = await ask(tenant, endpoint, query, headers);
  assert.equal(status, 200);
  assert.ok(await accepted(tenant, json.access_token));
  assert.deepEqual(readdirSync(arcTokens), []);
  assert.equal((await ask(tenant, endpoint, query, headers)).status, 401);
  assert.equal((await ask(tenant, endpoint, query, { ...headers, authorization: 'Basic wrong' })).status, 401);
});

test('without a folder for its challenges the endpoint of Arc answers 404', async (t) => {
  const tenant = await startTenant(t);
  const { endpoint } = tenant.simulator.identity.arc;
  assert.equal((await ask(tenant, endpoint, {}, { metadata: 'true' })).status, 404);
});

test('the calls are recorded without tokens, faults apply, and no-role gives a token that Intune refuses', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const { endpoint } = simulator.identity.imds;
  const query = { 'api-version': '2018-02-01', resource: resourceOf(tenant) };
  simulator.fault({ hop: 'managedIdentity', fault: 503, count: 1 });
  assert.equal((await ask(tenant, endpoint, query, { metadata: 'true' })).status, 503);
  simulator.fault({ hop: 'managedIdentity', fault: 'no-role', count: 1 });
  const { json } = await ask(tenant, endpoint, query, { metadata: 'true' });
  assert.equal((await tenant.act('validateRequest', {}, { authorization: `Bearer ${json.access_token}` })).status, 403);
  assert.deepEqual(
    simulator
      .calls()
      .slice(0, 2)
      .map(({ hop, status }) => [hop, status]),
    [
      ['managedIdentity', 503],
      ['managedIdentity', 200],
    ],
  );
  assert.ok(!JSON.stringify(simulator.calls()).includes(json.access_token));
});

/** msal-node chooses the platform by environment variables, which are read when an application is made. */
async function msalToken(t: TestContext, tenant: Tenant, environment: Record<string, string>): Promise<string> {
  const names = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'AZURE_POD_IDENTITY_AUTHORITY_HOST'];
  const before = names.map((name) => [name, process.env[name]] as const);
  const restore = () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
  t.after(restore);
  for (const name of names) delete process.env[name];
  Object.assign(process.env, environment);
  const result = await new ManagedIdentityApplication().acquireToken({
    resource: resourceOf(tenant),
    forceRefresh: true,
  });
  restore();
  return result.accessToken;
}

test('msal-node gets a token from App Service and from IMDS', async (t) => {
  const tenant = await startTenant(t);
  const { appService, imds } = tenant.simulator.identity;
  const onAppService = { IDENTITY_ENDPOINT: appService.endpoint, IDENTITY_HEADER: appService.header };
  const onMachine = { AZURE_POD_IDENTITY_AUTHORITY_HOST: new URL(imds.endpoint).origin };
  for (const environment of [onAppService, onMachine])
    assert.ok(await accepted(tenant, await msalToken(t, tenant, environment)));
});
