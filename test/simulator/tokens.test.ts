/** Tokens of the simulated Entra ID: issued to msal-node, and checked by the simulated services. */
import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { test } from 'node:test';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { networkOf } from './msal-network.ts';
import { codeOf, csr, startTenant, type Tenant } from './tenant.ts';

type EntraError = { error: string; error_description: string; error_codes: number[] };

const msal = (tenant: Tenant, clientSecret = tenant.simulator.tenant.clientSecret): ConfidentialClientApplication => {
  const { cloud, clientId, tenant: name } = tenant.simulator.tenant;
  const authority = `${cloud.login}/${name}`;
  return new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority, knownAuthorities: [new URL(cloud.login).host] },
    system: { networkClient: networkOf(tenant) },
  });
};

test('msal-node gets a token with two calls, and Intune accepts it', async (t) => {
  const tenant = await startTenant(t, { tenant: 'contoso.onmicrosoft.com' });
  const { simulator } = tenant;
  const scopes = [`${simulator.tenant.cloud.intune}//.default`];
  const result = await msal(tenant).acquireTokenByClientCredential({ scopes });
  assert.deepEqual(
    simulator.calls().map(({ hop, code }) => [hop, code]),
    [
      ['openid', 'OK'],
      ['token', 'OK'],
    ],
  );
  const body = { request: { transactionId: '1', certificateRequest: await csr({}), callerInfo: 'msal' } };
  const reply = await tenant.act('validateRequest', body, { authorization: `Bearer ${result!.accessToken}` });
  assert.equal(codeOf(reply), 'ChallengePasswordMissing');
});

test('msal-node reports the AADSTS number of a wrong secret', async (t) => {
  const tenant = await startTenant(t);
  const scopes = [`${tenant.simulator.tenant.cloud.graph}/.default`];
  await assert.rejects(msal(tenant, 'wrong').acquireTokenByClientCredential({ scopes }), /AADSTS7000215/);
});

test('a token has issuer, audience, tenant, client and roles, and is signed with the published key', async (t) => {
  const tenant = await startTenant(t);
  const { cloud, clientId, tenant: tid } = tenant.simulator.tenant;
  const [header, payload, signature] = (await tenant.token()).split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const configuration = await tenant.send('GET', `${cloud.login}/${tid}/v2.0/.well-known/openid-configuration`, {});
  const { issuer, jwks_uri } = JSON.parse(configuration.text) as { issuer: string; jwks_uri: string };
  assert.equal(claims['iss'], issuer);
  assert.equal(claims['aud'], `${cloud.intune}/`);
  assert.equal(claims['tid'], tid);
  assert.equal(claims['appid'], clientId);
  assert.deepEqual(claims['roles'], ['scep_challenge_provider']);
  const { keys } = JSON.parse((await tenant.send('GET', jwks_uri, {})).text) as { keys: { kid: string }[] };
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string };
  assert.equal(alg, 'RS256');
  const key = createPublicKey({ key: keys.find((candidate) => candidate.kid === kid)!, format: 'jwk' });
  assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')));
});

test('both spellings of the Intune scope give the same audience', async (t) => {
  const { token, simulator } = await startTenant(t);
  const { intune } = simulator.tenant.cloud;
  const audience = (jwt: string): unknown =>
    (JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as { aud: unknown }).aud;
  assert.equal(audience(await token(`${intune}/.default`)), audience(await token(`${intune}//.default`)));
});

for (const [name, fields, status, error, number] of [
  ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', 7000215],
  ['no secret', { client_secret: '' }, 401, 'invalid_client', 7000218],
  ['an unknown client', { client_id: 'unknown' }, 400, 'unauthorized_client', 700016],
  ['a foreign scope', { scope: 'https://graph.microsoft.com/.default' }, 400, 'invalid_scope', 70011],
  ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
  ['no scope', { scope: '' }, 400, 'invalid_request', 900144],
] as const)
  test(`the token endpoint refuses ${name} as Entra does`, async (t) => {
    const { askToken } = await startTenant(t);
    const reply = await askToken(fields);
    const body = JSON.parse(reply.text) as EntraError;
    assert.deepEqual([reply.status, body.error, body.error_codes], [status, error, [number]]);
    assert.match(body.error_description, new RegExp(`^AADSTS${number}: `));
  });

test('an unknown tenant is refused at both paths of Entra', async (t) => {
  const { askToken, send, simulator } = await startTenant(t);
  const configuration = `${simulator.tenant.cloud.login}/unknown/v2.0/.well-known/openid-configuration`;
  for (const reply of [await askToken({}, 'unknown'), await send('GET', configuration, {})]) {
    assert.equal(reply.status, 400);
    assert.match((JSON.parse(reply.text) as EntraError).error_description, /^AADSTS90002: /);
  }
});

test('Graph needs a token for Graph, and lists both services', async (t) => {
  const { discover, token, send, simulator } = await startTenant(t);
  const { value } = JSON.parse((await discover()).text) as { value: { providerName: string; serviceName: string }[] };
  assert.deepEqual(
    value.map(({ providerName, serviceName }) => [providerName, serviceName]),
    [
      ['PkiConnectorFEService', 'PkiConnectorFEService'],
      ['ScepRequestValidationFEService', 'ScepRequestValidationFEService'],
    ],
  );
  const foreign = await discover(await token());
  assert.equal(foreign.status, 401);
  assert.equal((JSON.parse(foreign.text) as { error: { code: string } }).error.code, 'InvalidAuthenticationToken');
  const { graph } = simulator.tenant.cloud;
  const path = `${graph}/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints`;
  assert.equal((await send('GET', path, {})).status, 401);
});

test('a token without any permission has no claim for roles', async (t) => {
  const { token, simulator } = await startTenant(t);
  simulator.fault({ hop: 'token', fault: 'no-role' });
  const claims = JSON.parse(Buffer.from((await token()).split('.')[1]!, 'base64url').toString()) as object;
  assert.ok('appid' in claims && !('roles' in claims));
});

test('Graph refuses a token without the permission', async (t) => {
  const { discover, simulator } = await startTenant(t);
  simulator.fault({ hop: 'token', fault: 'no-role' });
  const reply = await discover();
  assert.equal(reply.status, 403);
  assert.equal((JSON.parse(reply.text) as { error: { code: string } }).error.code, 'Authorization_RequestDenied');
});

test('Intune refuses tokens that are missing, foreign, changed, expired or without role', async (t) => {
  const { act, token, clock, simulator } = await startTenant(t);
  const status = async (authorization: string): Promise<number> =>
    (await act('validateRequest', { request: {} }, { authorization })).status;
  const good = await token();
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  assert.equal(await status(`Bearer ${good}`), 400, 'with a valid token the body is checked');
  assert.equal(await status(''), 401);
  assert.equal(await status(`Basic ${good}`), 401);
  assert.equal(await status(`Bearer ${await token(`${simulator.tenant.cloud.graph}/.default`)}`), 401);
  assert.equal(await status(`Bearer ${header}.${encode({ ...claims, roles: ['admin'] })}.${signature}`), 401);
  assert.equal(await status(`Bearer ${encode({ alg: 'none' })}.${payload}.`), 401);
  assert.equal(await status(`Bearer ${header}.${payload}.${randomBytes(256).toString('base64url')}`), 401);
  clock.advance(3601);
  assert.equal(await status(`Bearer ${good}`), 401);
  simulator.fault({ hop: 'token', fault: 'no-role' });
  assert.equal(await status(`Bearer ${await token()}`), 403);
});
