/** The credentials of the app: secrets, certificates, federated assertions; each verified, and refused with its number. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node';
import { ecKey } from '../kit/keys.ts';
import { selfSigned } from '../../src/client/request-message.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { random } from '../kit/pki.ts';
import { type Assertion, credential, ownClaims, signed, x5t } from './credentials.ts';
import { networkOf } from './msal-network.ts';
import { control, startTenant, type Tenant } from './tenant.ts';

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const DAY = 86_400;

/** The AADSTS number of the refusal; 0 when there is a token. */
async function number(tenant: Tenant, fields: Record<string, string>): Promise<number> {
  const reply = await tenant.askToken(fields);
  return reply.status === 200 ? 0 : (JSON.parse(reply.text) as { error_codes: [number] }).error_codes[0];
}
const withSecret = (tenant: Tenant, client_secret: string): Promise<number> => number(tenant, { client_secret });
const withAssertion = (tenant: Tenant, client_assertion: string, type = TYPE): Promise<number> =>
  number(tenant, { client_secret: '', client_assertion, client_assertion_type: type });

const endpointOf = ({ simulator: { tenant } }: Tenant): string =>
  `${tenant.cloud.login}/${tenant.tenant}/oauth2/v2.0/token`;
const app = await credential('app');
const other = await credential('another app');

async function withCertificate(t: Parameters<typeof startTenant>[0], { pem } = app) {
  const tenant = await startTenant(t);
  tenant.simulator.app.addCertificate({ pem });
  const { clientId } = tenant.simulator.tenant;
  const claims = ownClaims(clientId, endpointOf(tenant));
  return { tenant, clientId, claims };
}

test('several secrets are good at once, and a revoked one is refused at once', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const { keyId, value, endDateTime } = simulator.app.addSecret({ displayName: 'next' });
  assert.ok(Date.parse(endDateTime) > Date.now() + 700 * DAY * 1000);
  assert.equal(await withSecret(tenant, simulator.tenant.clientSecret), 0);
  assert.equal(await withSecret(tenant, value), 0);
  simulator.app.removeSecret(keyId);
  assert.equal(await withSecret(tenant, value), 7000215);
  assert.equal(await withSecret(tenant, simulator.tenant.clientSecret), 0);
  assert.throws(() => simulator.app.removeSecret(keyId), /none with the id/);
});

test('a secret ends at its endDateTime and begins at its startDateTime', async (t) => {
  const tenant = await startTenant(t);
  const times = [0, 10, 20].map((days) => new Date(Date.now() + days * DAY * 1000).toISOString()) as [
    string,
    string,
    string,
  ];
  const { value: short } = tenant.simulator.app.addSecret({ endDateTime: times[1] });
  const { value: later } = tenant.simulator.app.addSecret({ startDateTime: times[1], endDateTime: times[2] });
  assert.deepEqual([await withSecret(tenant, short), await withSecret(tenant, later)], [0, 7000215]);
  tenant.clock.advance(11 * DAY);
  assert.deepEqual([await withSecret(tenant, short), await withSecret(tenant, later)], [7000222, 0]);
});

test('a policy of the tenant forbids secrets, old ones too, and none can be added', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  simulator.app.setPolicy({ secrets: 'forbidden' });
  assert.equal(await withSecret(tenant, simulator.tenant.clientSecret), 53003);
  assert.throws(() => simulator.app.addSecret(), /Credential type not allowed as per assigned policy/);
  simulator.app.setPolicy({ secrets: 'allowed' });
  assert.equal(await withSecret(tenant, simulator.tenant.clientSecret), 0);
});

test('a secret and an assertion in one request are refused', async (t) => {
  const { tenant, claims } = await withCertificate(t);
  const client_assertion = signed({ header: { x5t: x5t(app) }, claims }, app);
  assert.equal(await number(tenant, { client_assertion, client_assertion_type: TYPE }), 9002324);
});

const HEADERS = {
  'RS256 and x5t': { alg: 'RS256', x5t: x5t(app) },
  'PS256 and x5t#S256': { alg: 'PS256', 'x5t#S256': x5t(app, 'sha256') },
  'both thumbprints': { alg: 'PS256', x5t: x5t(app), 'x5t#S256': x5t(app, 'sha256') },
  'the certificate in x5c': { x5t: x5t(app), x5c: [app.certificate.raw.toString('base64')] },
};
for (const [name, header] of Object.entries(HEADERS))
  test(`an assertion with ${name} is accepted`, async (t) => {
    const { tenant, claims } = await withCertificate(t);
    assert.equal(await withAssertion(tenant, signed({ header, claims }, app)), 0);
  });

test('an assertion may be for the issuer, and for the first version of the endpoint', async (t) => {
  const { tenant, claims } = await withCertificate(t);
  const { cloud, tenant: name } = tenant.simulator.tenant;
  for (const path of ['v2.0', 'oauth2/token']) {
    const aud = `${cloud.login}/${name}/${path}`;
    assert.equal(
      await withAssertion(tenant, signed({ header: { x5t: x5t(app) }, claims: { ...claims, aud } }, app)),
      0,
    );
  }
});

const now = Math.floor(Date.now() / 1000);
const WRONG: Readonly<Record<string, [change: Assertion, number: number]>> = {
  'no thumbprint': [{ header: { x5t: undefined }, claims: {} }, 700027],
  'the thumbprint of another certificate': [{ header: { x5t: x5t(other) }, claims: {} }, 700027],
  'one wrong thumbprint of two': [{ header: { 'x5t#S256': x5t(other, 'sha256') }, claims: {} }, 700027],
  'another certificate in x5c': [{ header: { x5c: [other.certificate.raw.toString('base64')] }, claims: {} }, 700027],
  'another algorithm': [{ header: { alg: 'RS384' }, claims: {} }, 50027],
  'no algorithm': [{ header: { alg: 'none' }, claims: {} }, 50027],
  'another subject': [{ claims: { sub: 'somebody' } }, 700021],
  'another issuer': [{ claims: { iss: 'somebody' } }, 700021],
  'another audience': [{ claims: { aud: 'https://login.example/oauth2/v2.0/token' } }, 700023],
  'an end in the past': [{ claims: { exp: now - 400 } }, 700024],
  'a begin in the future': [{ claims: { nbf: now + 400 } }, 700024],
  'no end': [{ claims: { exp: undefined } }, 700024],
  'no jti': [{ claims: { jti: undefined } }, 50027],
  'no nbf': [{ claims: { nbf: undefined } }, 50027],
};
for (const [name, [change, expected]] of Object.entries(WRONG))
  test(`an assertion with ${name} is refused with AADSTS${expected}`, async (t) => {
    const { tenant, claims } = await withCertificate(t);
    const assertion = {
      header: { x5t: x5t(app), ...change.header },
      claims: { ...claims, ...change.claims },
    };
    assert.equal(await withAssertion(tenant, signed(assertion, app)), expected);
  });

test('an assertion is refused when its signature is of another key or of other claims, or when it is no JWT', async (t) => {
  const { tenant, claims } = await withCertificate(t);
  const header = { x5t: x5t(app) };
  const good = signed({ header, claims }, app);
  const [first, , last] = good.split('.') as [string, string, string];
  const changed = Buffer.from(JSON.stringify({ ...claims, exp: now + 9999 })).toString('base64url');
  assert.equal(await withAssertion(tenant, signed({ header, claims }, other)), 700027);
  assert.equal(await withAssertion(tenant, `${first}.${changed}.${last}`), 700027);
  const asPss = signed({ header: { ...header, alg: 'PS256' }, claims }, app).split('.')[2]!;
  assert.equal(await withAssertion(tenant, `${first}.${good.split('.')[1]}.${asPss}`), 700027, 'PS256 under RS256');
  for (const wrong of ['x', 'a.b', `${first}.${changed}.`, `${good}.x`, `bm8.${changed}.${last}`])
    assert.equal(await withAssertion(tenant, wrong), 50027, wrong.slice(0, 20));
  assert.equal(await withAssertion(tenant, good, 'urn:other'), 900144);
  assert.equal(await withAssertion(tenant, good), 0);
  assert.equal(await withAssertion(tenant, good), 0, 'libraries send an assertion until it ends');
});

test('a certificate that was removed, has ended, or has not begun, authenticates nothing', async (t) => {
  const { tenant, clientId } = await withCertificate(t);
  const { clock, simulator } = tenant;
  const ask = () =>
    withAssertion(
      tenant,
      signed(
        { header: { x5t: x5t(app) }, claims: ownClaims(clientId, endpointOf(tenant), clock.now().getTime()) },
        app,
      ),
    );
  const end = new Date(app.certificate.validTo).getTime();
  const whole = Math.ceil((end - Date.now()) / 1000) + 1;
  clock.advance(whole);
  assert.equal(await ask(), 700027);
  clock.advance(-whole - 10 * DAY);
  assert.equal(await ask(), 700027);
  clock.advance(10 * DAY);
  assert.equal(await ask(), 0);
  simulator.app.removeCertificate(simulator.app.view().certificates[0]!.keyId);
  assert.equal(await ask(), 700027);
});

test('a certificate with an EC key, and what is no certificate, cannot be added', async (t) => {
  const { simulator } = await startTenant(t);
  const ec = await selfSigned(ecKey('app'), nameFromText('CN=ec'), () => new Date(), random);
  for (const pem of [certificatePem(ec), 'no certificate'])
    assert.throws(() => simulator.app.addCertificate({ pem }), /^ControlError: pem: .*RSA/);
});

const ISSUER = 'https://oidc.example/cluster';
const SUBJECT = 'system:serviceaccount:scep:openndes';
const federated = { issuer: ISSUER, subject: SUBJECT };

test('a federated assertion is accepted for the registered issuer, subject and audience, and only for them', async (t) => {
  const tenant = await startTenant(t);
  const { app: registration } = tenant.simulator;
  const assertion = (change = {}) => registration.assertion({ ...federated, ...change });
  assert.equal(await withAssertion(tenant, assertion()), 70025, 'nothing is registered');
  const { id, audiences } = registration.addFederated(federated);
  assert.deepEqual(audiences, ['api://AzureADTokenExchange']);
  assert.equal(await withAssertion(tenant, assertion()), 0);
  assert.equal(await withAssertion(tenant, assertion({ issuer: `${ISSUER}/` })), 700211);
  assert.equal(await withAssertion(tenant, assertion({ subject: SUBJECT.toUpperCase() })), 700213);
  assert.equal(await withAssertion(tenant, assertion({ audience: 'api://AzureADTokenExchangeUSGov' })), 700212);
  assert.equal(await withAssertion(tenant, assertion({ validitySeconds: -400 })), 700024);
  registration.addFederated({ ...federated, audiences: ['api://AzureADTokenExchangeUSGov'] });
  assert.equal(await withAssertion(tenant, assertion({ audience: 'api://AzureADTokenExchangeUSGov' })), 0);
  registration.removeFederated(id);
  assert.equal(await withAssertion(tenant, assertion()), 700212);
});

test('a federated assertion is verified with the keys that were given for its issuer', async (t) => {
  const tenant = await startTenant(t);
  const { app: registration } = tenant.simulator;
  registration.addFederated(federated);
  const claims = { iss: ISSUER, sub: SUBJECT, aud: ['api://AzureADTokenExchange'], exp: now + 600 };
  const token = (header = {}, by = app) => signed({ header: { kid: 'one', ...header }, claims }, by);
  assert.equal(await withAssertion(tenant, token()), 50166, 'no keys were given');
  const jwk = createPublicKey(app.key.privateKey).export({ format: 'jwk' });
  registration.setIssuer({ issuer: ISSUER, jwks: { keys: [{ ...jwk, kid: 'one' }] } });
  assert.equal(await withAssertion(tenant, token()), 0);
  assert.equal(await withAssertion(tenant, token({ kid: 'two' })), 50013);
  assert.equal(await withAssertion(tenant, token({ alg: 'PS256' })), 50013, 'Entra takes RS256 from other issuers');
  assert.equal(await withAssertion(tenant, token({}, other)), 50013);
  assert.throws(() => registration.assertion(federated), /only that issuer can sign/);
});

const msal = (tenant: Tenant, auth: Partial<NodeAuthOptions>): ConfidentialClientApplication => {
  const { cloud, clientId, tenant: name } = tenant.simulator.tenant;
  const authority = `${cloud.login}/${name}`;
  return new ConfidentialClientApplication({
    auth: { clientId, ...auth, authority, knownAuthorities: [new URL(cloud.login).host] },
    system: { networkClient: networkOf(tenant) },
  });
};

test('msal-node gets tokens with a certificate (both thumbprints) and with a federated assertion', async (t) => {
  const { tenant } = await withCertificate(t);
  const { app: registration } = tenant.simulator;
  registration.addFederated(federated);
  const privateKey = app.key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const [thumbprint, thumbprintSha256] = [
    Buffer.from(x5t(app), 'base64url').toString('hex'),
    Buffer.from(x5t(app, 'sha256'), 'base64url').toString('hex'),
  ];
  for (const auth of [
    { clientCertificate: { thumbprintSha256, privateKey, x5c: app.pem } },
    { clientCertificate: { thumbprint, privateKey } },
    { clientAssertion: () => Promise.resolve(registration.assertion(federated)) },
  ]) {
    const scopes = [`${tenant.simulator.tenant.cloud.intune}//.default`];
    const result = await msal(tenant, auth).acquireTokenByClientCredential({ scopes });
    assert.equal(
      (await tenant.act('validateRequest', {}, { authorization: `Bearer ${result!.accessToken}` })).status,
      400,
    );
  }
});

test('no credential is recorded in the calls', async (t) => {
  const { tenant, claims } = await withCertificate(t);
  const assertion = signed({ header: { x5t: x5t(app) }, claims }, app);
  await withAssertion(tenant, assertion);
  assert.ok(!JSON.stringify(tenant.simulator.calls()).includes(assertion.slice(0, 40)));
});

type Credentials = Record<'passwordCredentials' | 'keyCredentials', { keyId: string; endDateTime: string }[]>;

test('Graph shows the ends of all credentials of the app, and no secret', async (t) => {
  const { tenant } = await withCertificate(t);
  const { simulator, send } = tenant;
  const { graph } = simulator.tenant.cloud;
  const { keyId } = simulator.app.addSecret({ endDateTime: '2031-01-31T12:00:00Z' });
  const authorization = `Bearer ${await tenant.token(`${graph}/.default`)}`;
  const url = `${graph}/v1.0/applications(appId='${simulator.tenant.clientId}')`;
  const reply = await send('GET', url, { authorization });
  const body = JSON.parse(reply.text) as Credentials;
  assert.equal(body.passwordCredentials.length, 2);
  assert.deepEqual(
    body.passwordCredentials.filter((each) => each.keyId === keyId).map(({ endDateTime }) => endDateTime),
    ['2031-01-31T12:00:00Z'],
  );
  assert.equal(body.keyCredentials[0]!.endDateTime, new Date(app.certificate.validTo).toISOString());
  assert.ok(!reply.text.includes(simulator.tenant.clientSecret));
  const narrow = await send('GET', `${url}?$select=appId,keyCredentials`, { authorization });
  assert.deepEqual(Object.keys(JSON.parse(narrow.text) as object).toSorted(), [
    '@odata.context',
    'appId',
    'id',
    'keyCredentials',
  ]);
  const unknown = await send('GET', `${graph}/v1.0/applications(appId='unknown')`, { authorization });
  assert.equal(unknown.status, 404);
});

test('Graph shows the app only when Application.Read.All is granted; a token from before keeps its roles', async (t) => {
  const tenant = await startTenant(t);
  const { simulator, send } = tenant;
  const { graph } = simulator.tenant.cloud;
  const url = `${graph}/v1.0/applications(appId='${simulator.tenant.clientId}')`;
  const status = async (bearer: string) => (await send('GET', url, { authorization: `Bearer ${bearer}` })).status;
  const before = await tenant.token(`${graph}/.default`);
  simulator.app.setRoles({ graph: [] });
  assert.deepEqual([await status(before), await status(await tenant.token(`${graph}/.default`))], [200, 403]);
  simulator.app.setRoles({ graph: ['Application.Read.All'] });
  assert.equal(await status(await tenant.token(`${graph}/.default`)), 200);
  assert.equal(await status(await tenant.token()), 401, 'a token for Intune');
});

test('the control API changes the registration, and never shows the value of a secret again', async (t) => {
  const tenant = await startTenant(t);
  const { simulator } = tenant;
  const ask = async (method: string, path: string, body?: unknown) => control(simulator, method, path, body);
  const secret = (await ask('POST', '/app/secrets', { displayName: 'next' })).json as { keyId: string; value: string };
  assert.equal(await withSecret(tenant, secret.value), 0);
  const certificate = (await ask('POST', '/app/certificates', { pem: app.pem })).json as { keyId: string };
  const credentialOf = (await ask('POST', '/app/federated', federated)).json as { id: string };
  const { assertion } = (await ask('POST', '/assertions', federated)).json as { assertion: string };
  assert.equal(await withAssertion(tenant, assertion), 0);
  assert.deepEqual((await ask('PUT', '/app/roles', { graph: ['User.Read.All'] })).json, {
    graph: ['User.Read.All'],
    intune: ['scep_challenge_provider'],
  });
  assert.deepEqual((await ask('PUT', '/app/policy', { repeatedValidation: 'refused' })).json, {
    secrets: 'allowed',
    repeatedValidation: 'refused',
  });
  const shown = JSON.stringify((await ask('GET', '/app')).json);
  assert.ok(shown.includes(secret.keyId) && !shown.includes(secret.value));
  for (const path of [`secrets/${secret.keyId}`, `certificates/${certificate.keyId}`, `federated/${credentialOf.id}`]) {
    assert.equal((await ask('DELETE', `/app/${path}`)).status, 204, path);
    assert.equal((await ask('DELETE', `/app/${path}`)).status, 400, path);
  }
  assert.equal(await withSecret(tenant, secret.value), 7000215);
  assert.equal((await ask('PUT', '/issuers', { issuer: ISSUER, jwks: { keys: [{}] } })).status, 204);
  for (const [path, body, message] of [
    ['/app/policy', { secrets: 'perhaps' }, /^secrets: must be "allowed" or "forbidden"/],
    ['/app/roles', { graph: 'all' }, /^graph: must be a list of texts/],
    ['/issuers', { issuer: ISSUER }, /^jwks: is missing/],
  ] as const) {
    const { status, json } = await ask('PUT', path, body);
    assert.equal(status, 400);
    assert.match((json as { error: string }).error, message);
  }
});

test('the registration is part of the state, so that a restart keeps its credentials', async (t) => {
  const first = await startTenant(t);
  const { value } = first.simulator.app.addSecret();
  const state = JSON.parse(JSON.stringify(first.simulator.state)) as typeof first.simulator.state;
  const second = await startTenant(t, { state });
  assert.equal(await withSecret(second, value), 0);
  second.simulator.app.removeSecret(second.simulator.app.view().secrets[1]!.keyId);
  assert.equal(await withSecret(first, value), 0, 'the state is copied');
});
