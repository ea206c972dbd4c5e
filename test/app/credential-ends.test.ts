/** The credentials of tenants as things that end: secrets by Graph or by the configuration, certificates by their file. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { credentialEnds } from '../../src/app/credential-ends.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { watch } from '../../src/app/watch.ts';
import { newIntuneClient } from '../../src/app/new-intune-client.ts';
import type { TenantConfig } from '../../src/config/tenants.ts';
import { systemClock, systemRandom } from '../../src/embed/system.ts';
import { privateKeyPem } from '../../src/keys/software.ts';
import { certificatePem } from '../../src/pkix/pem.ts';
import { startSimulator } from '../../src/simulator/simulated-tenant.ts';
import { createRoot } from '../../src/ca/create.ts';
import { newRsaKey } from '../kit/keys.ts';
import { keptLog } from '../kit/log.ts';
import { installed } from './installation.ts';
import { movedClock } from './watch-under-test.ts';
import { rejection } from '../intune/fake-tenant.ts';

const never = new AbortController().signal;
const DAY = 86_400_000;
const ISSUER = 'https://kubernetes.example';
const SUBJECT = 'system:serviceaccount:scep:openndes';

async function simulated(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-credentials-'));
  const simulator = await startSimulator({ clock: systemClock, random: systemRandom });
  t.after(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true });
  });
  const { clientSecret, ...section } = simulator.tenant;
  const common: TenantConfig = { ...section, trustCa: simulator.caPem, revocation: 'off' };
  const client = (more: Partial<TenantConfig>) => {
    const made = newIntuneClient({ ...common, ...more }, () => {});
    t.after(() => made.close());
    return made;
  };
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  return { simulator, common, clientSecret, client, write };
}

/** What is watched of the one tenant, after Graph was asked. */
async function ends(tenant: TenantConfig, client: ReturnType<typeof newIntuneClient>) {
  const found = credentialEnds({ corp: tenant }, new Map([['corp', client]]), systemClock);
  await found.refresh(never);
  return found.watched().map(({ what, subject, validity }) => [what, subject, validity.notAfter.toISOString()]);
}

test('the end of a client secret is that of Graph, whatever the configuration says', async (t) => {
  const { simulator, common, client } = await simulated(t);
  const endDateTime = '2099-01-31T00:00:00.000Z';
  const { value: clientSecret } = simulator.app.addSecret({
    value: 'a value of its own',
    displayName: 'autumn',
    endDateTime,
  });
  const tenant = { ...common, clientSecret, expires: new Date('2030-01-01') };
  assert.deepEqual(await ends(tenant, client(tenant)), [['tenant corp: client secret', 'autumn', endDateTime]]);
});

test('the end of a client secret is known although Graph refuses the token that was kept: a new one is asked for', async (t) => {
  const { simulator, common, client, clientSecret } = await simulated(t);
  const tenant = { ...common, clientSecret };
  const asked = client(tenant);
  const before = await ends(tenant, asked);
  assert.equal(before.length, 1);
  simulator.revokeTokens();
  assert.deepEqual(await ends(tenant, asked), before);
});

test('where Graph does not allow it, the end of a client secret is that of the configuration', async (t) => {
  const { simulator, common, client, clientSecret } = await simulated(t);
  simulator.app.setRoles({ graph: [] });
  const tenant = { ...common, clientSecret, expires: new Date('2030-01-01') };
  assert.deepEqual(await ends(tenant, client(tenant)), [
    ['tenant corp: client secret', '`expires` of the configuration', '2030-01-01T00:00:00.000Z'],
  ]);
});

test('Graph is asked for the end of a secret once an hour, and again after the clock was set back', async (t) => {
  const { simulator, common, client, clientSecret } = await simulated(t);
  const tenant = { ...common, clientSecret };
  let moved = 0;
  const clock = () => new Date(systemClock().getTime() + moved);
  const { refresh } = credentialEnds({ corp: tenant }, new Map([['corp', client(tenant)]]), clock);
  const askedAt = async (milliseconds: number): Promise<number> => {
    moved = milliseconds;
    await refresh(never);
    return simulator.calls().filter(({ hop }) => hop === 'application').length;
  };
  const MINUTE = 60_000;
  assert.equal(await askedAt(0), 1);
  assert.equal(await askedAt(59 * MINUTE), 1);
  assert.equal(await askedAt(61 * MINUTE), 2);
  assert.equal(await askedAt(-DAY), 3);
});

async function appCertificate(name: string, days = 29) {
  const key = newRsaKey();
  const plan = {
    subject: `CN=${name}`,
    key,
    validity: days * DAY,
    backdate: DAY,
    clock: systemClock,
    random: systemRandom,
  };
  return { pem: certificatePem(await createRoot(plan)), key: privateKeyPem(key.privateKey) };
}

test('a certificate that was replaced in its files is used for the next token, and its end is watched', async (t) => {
  const { simulator, common, client, write } = await simulated(t);
  const [first, second] = [await appCertificate('first'), await appCertificate('second')];
  const certificate = { file: write('app.pem', first.pem), key: `file:${write('app.key.pem', first.key)}` };
  const { keyId } = simulator.app.addCertificate({ pem: first.pem });
  const tenant = { ...common, certificate };
  await client(tenant).check(never);
  const one = client(tenant);
  simulator.app.removeCertificate(keyId);
  const refused = await rejection(one.check(never));
  assert.equal(
    refused.message,
    'Intune token: Entra ID gave no token: invalid_client, AADSTS700027, the certificate is not registered for the app, or has ended',
  );
  simulator.app.addCertificate({ pem: second.pem });
  write('app.pem', second.pem);
  write('app.key.pem', second.key);
  await one.check(never);
  assert.deepEqual(
    (await ends(tenant, one)).map(([what, subject]) => [what, subject]),
    [['tenant corp: certificate', 'CN=second']],
  );
});

test('an assertion is read again for the next token; one that is expired or for another audience is not sent', async (t) => {
  const { simulator, common, client, write } = await simulated(t);
  simulator.app.addFederated({ issuer: ISSUER, subject: SUBJECT });
  const assertion = (more: object = {}): string =>
    simulator.app.assertion({ issuer: ISSUER, subject: SUBJECT, ...more });
  const text = (claims: object): string =>
    ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const file = write('token', text({ aud: 'api://AzureADTokenExchange', exp: 1_700_000_000 }));
  const one = client({ ...common, federated: { file } });
  const failed = async (): Promise<string> => (await rejection(one.check(never))).message;
  assert.equal(
    await failed(),
    `Intune token: no token was asked for: the assertion in ${file} expired at 2023-11-14T22:13:20.000Z`,
  );
  write('token', assertion({ audience: 'sts.amazonaws.com' }));
  assert.equal(
    await failed(),
    `Intune token: no token was asked for: the assertion in ${file} is for the audience sts.amazonaws.com, and Entra ID wants api://AzureADTokenExchange`,
  );
  write('token', 'not yet');
  assert.equal(await failed(), `Intune token: no token was asked for: ${file} has no token in it`);
  assert.deepEqual(simulator.calls(), []);
  write('token', assertion({ subject: 'another' }));
  assert.equal(
    await failed(),
    'Intune token: Entra ID gave no token: invalid_client, AADSTS700213, no federated credential of the app has the subject of the assertion',
  );
  write('token', assertion());
  await one.check(never);
});

test('a tenant that forbids client secrets is named as such', async (t) => {
  const { simulator, client, clientSecret } = await simulated(t);
  simulator.app.setPolicy({ secrets: 'forbidden' });
  const error = await rejection(client({ clientSecret }).check(never));
  assert.equal(
    error.message.replace(/ \(.*/, ''),
    'Intune token: Entra ID gave no token: access_denied, AADSTS53003, a policy of the tenant blocks the app, or its kind of credential',
  );
});

test('what a managed identity endpoint refuses is said with its words', async (t) => {
  const { simulator, client, common } = await simulated(t);
  const { clientId: _, ...machine } = common;
  const { endpoint } = simulator.identity.appService;
  const header = 'a header that is wrong';
  const error = await rejection(
    client({ ...machine, managedIdentity: { from: 'app-service', endpoint, header } }).check(never),
  );
  assert.equal(
    error.message,
    'Intune token: the managed identity endpoint (app-service) gave no token: HTTP 401, unauthorized: The header X-IDENTITY-HEADER is missing or wrong',
  );
});

/** What the job that looks at what ends writes into the log about the credential of the tenant, at once and `days` later. */
async function logged(tenant: TenantConfig, client: ReturnType<typeof newIntuneClient>, days: number) {
  const { clock, forward } = movedClock();
  const { emit, lines } = keptLog();
  const { watched, refresh } = credentialEnds({ corp: tenant }, new Map([['corp', client]]), clock);
  const { job } = watch({ watched, refresh, keepers: [], crls: new Map(), clock, emit });
  const said = async (): Promise<string[]> => {
    await job.run(never);
    return lines.splice(0).map((line) => {
      const { level, event, what, subject, days: left } = JSON.parse(line) as Record<string, string>;
      return [level, event, what, subject, left].filter((part) => part !== undefined).join(' | ');
    });
  };
  const now = await said();
  forward(days);
  return [now, await said()];
}

const inDays = (days: number): Date => new Date(systemClock().getTime() + days * DAY + DAY / 2);

test('the log warns of the end of a client secret that Graph knows, and says when it has ended', async (t) => {
  const { simulator, common, client } = await simulated(t);
  const secret = { value: 'zzz: a value of its own', displayName: 'autumn', endDateTime: inDays(100).toISOString() };
  const { value: clientSecret } = simulator.app.addSecret(secret);
  const tenant = { ...common, clientSecret };
  assert.deepEqual(await logged(tenant, client(tenant), 80), [
    [],
    ['40 | certificate-ends | tenant corp: client secret | autumn | 20'],
  ]);
  assert.deepEqual((await logged(tenant, client(tenant), 101))[1], [
    '50 | certificate-not-in-force | tenant corp: client secret | autumn',
  ]);
});

test('the log warns of the end of a client secret that the configuration has', async (t) => {
  const { simulator, common, client, clientSecret } = await simulated(t);
  simulator.app.setRoles({ graph: [] });
  const tenant = { ...common, clientSecret, expires: inDays(100) };
  assert.deepEqual(await logged(tenant, client(tenant), 20), [
    [],
    ['40 | certificate-ends | tenant corp: client secret | `expires` of the configuration | 80'],
  ]);
});

test('the log warns of the end of the certificate of an app', async (t) => {
  const { common, client, write } = await simulated(t);
  const { pem, key } = await appCertificate('app', 400);
  const certificate = { file: write('app.pem', pem), key: `file:${write('app.key.pem', key)}` };
  const tenant = { ...common, certificate };
  assert.deepEqual(await logged(tenant, client(tenant), 380), [
    [],
    ['40 | certificate-ends | tenant corp: certificate | CN=app | 19'],
  ]);
});

test('a federated assertion and a managed identity have no end to warn of: their platform renews them', async (t) => {
  const { simulator, common, client, write } = await simulated(t);
  simulator.app.addFederated({ issuer: ISSUER, subject: SUBJECT });
  const assertion = simulator.app.assertion({ issuer: ISSUER, subject: SUBJECT });
  const { clientId: _, ...machine } = common;
  const { endpoint } = simulator.identity.imds;
  for (const tenant of [
    { ...common, federated: { file: write('token', assertion) } },
    { ...machine, managedIdentity: { from: 'imds' as const, endpoint } },
  ])
    assert.deepEqual(await ends(tenant, client(tenant)), []);
});

test('the readiness detail has the end of a client secret, and no begin where that is not known', async (t) => {
  const { simulator, clientSecret, write } = await simulated(t);
  simulator.app.setRoles({ graph: [] });
  const { tenant, clientId, cloud } = simulator.tenant;
  const corp = {
    tenant,
    clientId,
    cloud,
    clientSecret,
    expires: '2099-01-31',
    trustCa: write('ca.pem', simulator.caPem),
  };
  const { config } = await installed(t, (text) =>
    text
      .replace(/policy: \{ static.*$/m, 'policy: { intune: corp }')
      .concat(`admin: { port: 0, token: a-token-of-more-than-16 }\ntenants: ${JSON.stringify({ corp })}\n`),
  );
  const server = await startServer(config, { logLevel: 'silent', workers: 1 });
  t.after(() => server.close());
  const { certificates } = (await (await fetch(`${server.adminUrl}/readyz`)).json()) as { certificates: object[] };
  assert.deepEqual(certificates.at(-1), {
    what: 'tenant corp: client secret',
    subject: '`expires` of the configuration',
    standing: 'valid',
    ends: '2099-01-31T00:00:00.000Z',
  });
});
