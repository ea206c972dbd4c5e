/** Every request that the sources of Microsoft's published libraries show is answered as they need it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Agent, request } from 'undici';
import { csr, startTenant, type Tenant } from './tenant.ts';

type Vector = {
  why: string;
  client: string;
  token?: 'graph' | 'aadGraph' | 'intune';
  request: { method: 'GET' | 'POST'; host: keyof typeof HOSTS; path: string };
  headers: Record<string, string>;
  body?: string;
  expect: { status: number; members?: Record<string, unknown> };
};

const FOLDER = join(import.meta.dirname, '../vectors/intune');
const read = (name: string): Vector => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Vector;
const vectors = readdirSync(FOLDER).map((name) => ({ name, ...read(name) }));

const HOSTS = {
  login: 'login.microsoftonline.com',
  graph: 'graph.microsoft.com',
  aadGraph: 'graph.windows.net',
  services: 'fef.simulated.manage.microsoft.com',
};
const RESOURCES = {
  graph: 'https://graph.microsoft.com',
  aadGraph: 'https://graph.windows.net',
  intune: 'https://api.manage.microsoft.com/',
};

/** A tenant under the public names, and a client that finds them at 127.0.0.1, as a hosts file does. */
async function redirected(t: TestContext) {
  const tenant = await startTenant(t, { publicNames: 'public' });
  const { simulator } = tenant;
  const port = Number(new URL(simulator.tenant.cloud.login).port);
  const agent = new Agent({
    connect: {
      ca: simulator.caPem,
      lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  });
  t.after(() => agent.close());
  const call = async (host: string, { method, path, headers = {}, body }: Call) => {
    const url = `https://${host}:${port}${path}`;
    const response = await request(url, { method, headers, dispatcher: agent, ...(body ? { body } : {}) });
    const text = await response.body.text();
    return {
      status: response.statusCode,
      headers: response.headers,
      json: JSON.parse(text) as Record<string, unknown>,
    };
  };
  return { ...tenant, call };
}
type Call = { method: 'GET' | 'POST'; path: string; headers?: Record<string, string>; body?: string };
type Redirected = Awaited<ReturnType<typeof redirected>>;

async function tokenFor(tenant: Redirected, resource: string): Promise<string> {
  const { clientId, clientSecret, tenant: name } = tenant.simulator.tenant;
  const fields = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, resource };
  const { json } = await tenant.call(HOSTS.login, {
    method: 'POST',
    path: `/${name}/oauth2/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  return json['access_token'] as string;
}

async function fields(tenant: Redirected, { token }: Vector): Promise<Record<string, string>> {
  const { simulator } = tenant;
  return {
    ...simulator.tenant,
    cloud: '',
    token: token ? await tokenFor(tenant, RESOURCES[token]) : '',
    guid: randomUUID(),
    transaction: 'AB12',
    context: simulator.revocations.add({ requests: [{ serialNumber: '5F00A1', issuerName: 'CN=Issuing CA' }] })[0]!
      .requestContext,
    csr: await csr({ challenge: simulator.mint({ subject: 'CN=device-1' }) }),
  };
}

const filled = (text: string, values: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

for (const vector of vectors)
  test(`${vector.client} (${vector.name}): ${vector.why}`, async (t) => {
    const tenant = await redirected(t);
    const values = await fields(tenant, vector);
    const text = filled(JSON.stringify(vector), values);
    const { request: sent, headers, body, expect } = JSON.parse(text) as Vector;
    const call = { method: sent.method, path: sent.path, headers, ...(body === undefined ? {} : { body }) };
    if (/Notification/.test(sent.path)) await validated(tenant, values);
    const reply = await tenant.call(HOSTS[sent.host], call);
    assert.equal(reply.status, expect.status, JSON.stringify(reply.json));
    for (const [name, value] of Object.entries(expect.members ?? {})) assert.deepEqual(reply.json[name], value, name);
    if (headers['return-client-request-id']) assert.equal(reply.headers['client-request-id'], values['guid']);
  });

/** The transaction is validated first, as the library does. */
async function validated(tenant: Redirected, values: Record<string, string>): Promise<void> {
  const vector = read('java-validate.json');
  const { request: sent, headers, body } = JSON.parse(filled(JSON.stringify(vector), values)) as Vector;
  const { json } = await tenant.call(HOSTS.services, { method: sent.method, path: sent.path, headers, body: body! });
  assert.equal(json['code'], 'Success');
}

test('under the public names both look-ups list addresses at public names, with the port that the client used', async (t) => {
  const tenant = await redirected(t);
  const port = new URL(tenant.simulator.tenant.cloud.login).port;
  for (const [name, resource] of [
    ['discovery.json', RESOURCES.graph],
    ['legacy-discovery.json', RESOURCES.aadGraph],
  ] as const) {
    const { request: sent } = read(name);
    const authorization = `Bearer ${await tokenFor(tenant, resource)}`;
    const path = filled(sent.path, { ...tenant.simulator.tenant, cloud: '' });
    const { json } = await tenant.call(HOSTS[sent.host], { method: 'GET', path, headers: { authorization } });
    const rows = json['value'] as { serviceName: string; uri: string }[];
    assert.deepEqual(
      rows.map(({ serviceName, uri }) => [serviceName, new URL(uri).host]),
      [
        ['PkiConnectorFEService', `fef.simulated.manage.microsoft.com:${port}`],
        ['ScepRequestValidationFEService', `fef.simulated.manage.microsoft.com:${port}`],
      ],
    );
  }
});

test('with the option a call to 127.0.0.1 is still answered with addresses there', async (t) => {
  const { discover, simulator } = await startTenant(t, { publicNames: 'public' });
  const { value } = JSON.parse((await discover()).text) as { value: { uri: string }[] };
  for (const { uri } of value) assert.equal(new URL(uri).origin, simulator.tenant.cloud.login);
});

test('without the option the public names are not in the certificate', async (t) => {
  const { simulator }: Tenant = await startTenant(t);
  const agent = new Agent({
    connect: {
      ca: simulator.caPem,
      lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  });
  t.after(() => agent.close());
  const { port } = new URL(simulator.tenant.cloud.login);
  await assert.rejects(request(`https://graph.microsoft.com:${port}/`, { dispatcher: agent }), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});
