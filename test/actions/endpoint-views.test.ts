/** Endpoints of a started server: the configuration in force, and what a request would get. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { EndpointView, SettingsSection, TestedRequest } from '../../src/actions/endpoint-view.ts';
import { writeRequest } from '../../src/client/request-message.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { extendedKeyUsage, keyUsage } from '../../src/pkix/extensions.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { requestPem } from '../../src/pkix/pem.ts';
import { ecKey, rsaKey } from '../kit/keys.ts';
import { SENDER_NONCE } from '../kit/requests.ts';
import { certificateFor } from '../kit/pki.ts';
import { issuingSection, ra, random, secondSection } from '../wiring/files.ts';
import { tenantNamed } from '../wiring/tenant.ts';
import { done, runningDesk } from './running-desk.ts';

process.env['VIEWS_CHALLENGE'] = 'canary-static-challenge';
const corp = await tenantNamed('endpoint-views');
const CANARIES = ['canary-static-challenge', 'canary-webhook-secret', 'canary-path-word'];
const running = await runningDesk({
  publicUrl: 'http://scep.test',
  authorities: { issuing: issuingSection, second: secondSection },
  profiles: { device: { extendedKeyUsage: ['clientAuth'], validity: '30d' }, lab: { keys: ['p256'] } },
  tenants: { corp: { ...corp.section, revocation: 'off' } },
  endpoints: [
    {
      path: '/wifi',
      name: 'wifi',
      authority: 'issuing',
      profile: 'device',
      policy: { static: '${env:VIEWS_CHALLENGE}' },
    },
    { path: '/corp', name: 'corp', authority: 'issuing', profile: 'device', policy: { intune: 'corp' } },
    {
      path: '/lab',
      name: 'lab',
      authority: 'second',
      profile: 'lab',
      approval: 'manual',
      policy: {
        allOf: [
          { oneTime: {} },
          { webhook: { url: 'http://127.0.0.1:9/canary-path-word', secret: 'canary-webhook-secret' } },
        ],
      },
    },
  ],
});
const desk = running.desk();
const device = rsaKey('views device');

const csr = (different: object = {}) =>
  writeCertificationRequest(
    { subject: nameFromText('CN=device-7,O=Example'), challenge: 'canary-device-word', extensions: [], ...different },
    device,
  );

const tested = (request: string, more: object = {}, grant: RoleGrant = { role: 'operator' }) =>
  done<TestedRequest>('endpoints.test', { desk, grant, sent: { request, ...more } });

const message = async (different: object = {}): Promise<string> => {
  const certificate = await certificateFor(device.spki);
  const bytes = await writeRequest({
    messageType: 'PKCSReq',
    transactionId: '7777',
    senderNonce: SENDER_NONCE,
    content: await csr(),
    signer: { certificate, key: device },
    recipient: ra.certificate,
    digest: 'sha256',
    cipher: 'aes-128-cbc',
    transport: { scheme: 'pkcs1' },
    random,
    ...different,
  });
  return Buffer.from(bytes).toString('base64');
};

test('the list has who decides and signs at each endpoint, and the URL of the devices', async () => {
  const { endpoints } = await done<{ endpoints: EndpointView[] }>('endpoints.list', {
    desk,
    grant: { role: 'viewer' },
  });
  assert.deepEqual(
    endpoints.map(({ name, url, serves, authority, profiles, policy, tenants, approval }) => [
      [name, url, serves, authority].join(' '),
      [profiles.join(), policy, tenants.join(), approval].join(' '),
    ]),
    [
      ['wifi http://scep.test/wifi true issuing', 'device static  false'],
      ['corp http://scep.test/corp true issuing', 'device intune corp false'],
      ['lab http://scep.test/lab true second', 'lab allOf: oneTime, webhook  true'],
    ],
  );
});

for (const [who, grant, seen] of [
  ['a viewer of one endpoint', { role: 'viewer', endpoints: ['lab'] }, ['lab']],
  ['an operator of one authority', { role: 'operator', authorities: ['issuing'] }, ['wifi', 'corp']],
  ['an auditor of one tenant', { role: 'auditor', tenants: ['corp'] }, ['corp']],
  ['an admin', { role: 'admin' }, ['wifi', 'corp', 'lab']],
] as const)
  test(`${who} sees ${seen.join(' and ')}`, async () => {
    const { endpoints } = await done<{ endpoints: EndpointView[] }>('endpoints.list', { desk, grant });
    assert.deepEqual(
      endpoints.map(({ name }) => name),
      seen,
    );
  });

const sections = async (name: string): Promise<Record<string, Record<string, string>>> => {
  const read = await done<{ sections: SettingsSection[] }>('endpoints.read', {
    desk,
    grant: { role: 'auditor' },
    sent: { name },
  });
  return Object.fromEntries(
    read.sections.map(({ section, settings }) => [
      section,
      Object.fromEntries(settings.map(({ key, value, from }) => [key, `${value} (${from})`])),
    ]),
  );
};

test('the configuration in force has what is written, what is masked and what is default, each with its origin', async () => {
  const wifi = await sections('wifi');
  assert.deepEqual(Object.keys(wifi), ['endpoint', 'profiles.device', 'authorities.issuing']);
  assert.equal(wifi['endpoint']?.['path'], '/wifi (configuration file)');
  assert.equal(wifi['endpoint']?.['policy.static'], '******** (environment variable VIEWS_CHALLENGE)');
  assert.equal(wifi['endpoint']?.['retention'], '24h (default)');
  assert.equal(wifi['endpoint']?.['policy.notify'], undefined);
  assert.equal(wifi['profiles.device']?.['validity'], '30d (configuration file)');
  assert.equal(wifi['profiles.device']?.['extendedKeyUsage'], 'clientAuth (configuration file)');
  assert.equal(wifi['profiles.device']?.['maxValidity'], '730d (default)');
  const other = await sections('corp');
  assert.equal(other['endpoint']?.['policy.intune'], 'corp (configuration file)');
  assert.equal(other['endpoint']?.['policy.notify'], 'strict (default)');
  assert.equal(other['tenants.corp']?.['clientSecret'], '******** (configuration file)');
  const lab = await sections('lab');
  assert.equal(lab['endpoint']?.['policy.allOf.1.webhook.secret'], '******** (configuration file)');
  assert.equal(lab['endpoint']?.['policy.allOf.1.webhook.url'], 'http://127.0.0.1:9/******** (configuration file)');
});

test('no secret of the configuration is in any answer', async () => {
  const texts = [];
  for (const name of ['wifi', 'corp', 'lab'])
    texts.push(await done('endpoints.read', { desk, grant: { role: 'admin' }, sent: { name } }));
  texts.push(await done('endpoints.list', { desk, grant: { role: 'admin' } }));
  const text = JSON.stringify(texts);
  for (const canary of [...CANARIES, (corp.section as { clientSecret?: string }).clientSecret ?? 'none'])
    assert.ok(!text.includes(canary), canary);
});

for (const role of ['viewer', 'operator'] as const)
  test(`the configuration is not for a role ${role}`, () =>
    assert.rejects(done('endpoints.read', { desk, grant: { role }, sent: { name: 'wifi' } }), { code: 'forbidden' }));

for (const role of ['viewer', 'auditor', 'metrics'] as const)
  test(`a role ${role} tests no request`, async () => {
    const request = requestPem(await csr());
    await assert.rejects(tested(request, {}, { role }), { code: 'forbidden' });
  });

test('a certification request: the certificate that each endpoint would issue, and why one refuses it', async () => {
  const extensions = [keyUsage(['digitalSignature', 'keyAgreement']), extendedKeyUsage(['1.3.6.1.5.5.7.3.2'])];
  const { kind, subject, key, challenge, endpoints } = await tested(requestPem(await csr({ extensions })));
  assert.deepEqual(
    [kind, subject, key, challenge],
    ['certification request', 'CN=device-7,O=Example', 'RSA 2048', 'present, 18 characters (not shown)'],
  );
  const [wifi, , lab] = endpoints;
  assert.equal(wifi?.verdict, 'depends');
  assert.equal(wifi?.certificate?.subject, 'CN=device-7,O=Example');
  assert.deepEqual(wifi?.certificate?.keyUsage, ['digitalSignature']);
  assert.deepEqual(wifi?.notGranted, { keyUsage: ['keyAgreement'] });
  assert.deepEqual(
    wifi?.checks.map(({ check, verdict }) => `${check}: ${verdict}`),
    ['endpoint: PASS', 'key: PASS', 'block list: PASS', 'challenge: PASS', 'policy static: NOT-RUN', 'profile: PASS'],
  );
  assert.equal(lab?.verdict, 'refused');
  const profile = lab?.checks.at(-1);
  assert.deepEqual(
    [profile?.code, profile?.text],
    ['algorithm_refused', 'a key of the kind rsa; the profile certifies p256'],
  );
  assert.ok(lab?.checks.some(({ check, verdict }) => check === 'approval' && verdict === 'PASS-WITH-WARNINGS'));
});

test('a captured message is tried where a key opens it, and its challenge is not in the answer', async () => {
  const result = await tested(await message());
  assert.equal(result.kind, 'SCEP message');
  assert.deepEqual(
    result.endpoints.map(({ endpoint, verdict }) => [endpoint, verdict]),
    [
      ['wifi', 'depends'],
      ['corp', 'depends'],
    ],
  );
  const taken = result.endpoints[0]?.checks.find(({ check }) => check === 'message');
  assert.deepEqual([taken?.verdict, taken?.text], ['PASS', 'taken as PKCSReq']);
  assert.ok(!JSON.stringify(result).includes('canary-device-word'));
});

test('a message that cannot be opened is refused everywhere, and the reason does not tell what is inside', async () => {
  const { endpoints, subject } = await tested(await message({ content: Buffer.from('3000', 'hex') }));
  assert.equal(subject, undefined);
  assert.deepEqual(
    endpoints.map(({ verdict }) => verdict),
    ['refused', 'refused', 'refused'],
  );
  const said = endpoints[0]?.checks.find(({ check }) => check === 'message');
  assert.equal(
    said?.text,
    'it is encrypted to a key that this endpoint does not have, or its content or its proof cannot be used',
  );
  assert.equal(said?.code, 'request_refused');
});

test('Intune is asked only when that is wanted, and its answer is a check with the id of the call', async () => {
  await tested(requestPem(await csr()), { endpoint: 'corp' });
  assert.equal(corp.simulator.calls().filter(isValidation).length, 0);
  const challenge = corp.simulator.mint({ subject: 'CN=device-7,O=Example' });
  const right = await tested(requestPem(await csr({ challenge })), { endpoint: '/corp', askIntune: true });
  assert.equal(right.endpoints[0]?.verdict, 'issued');
  const allowed = right.endpoints[0]?.checks.find(({ check }) => check === 'policy intune');
  assert.match(allowed?.text ?? '', /^Intune allows it \(client-request-id [\da-f-]{36}\)$/);
  const foreign = corp.simulator.mint({ subject: 'CN=device-8,O=Example' });
  const other = await tested(requestPem(await csr({ challenge: foreign })), {
    endpoint: 'corp',
    askIntune: true,
  });
  assert.equal(other.endpoints[0]?.verdict, 'refused');
  const denied = other.endpoints[0]?.checks.find(({ check }) => check === 'policy intune');
  assert.equal(denied?.code, 'intune_denied');
  assert.match(denied?.text ?? '', /SubjectNameMismatch/);
  for (const each of [challenge, foreign]) assert.ok(!JSON.stringify([right, other]).includes(each));
});

const isValidation = (call: object): boolean => JSON.stringify(call).includes('validateRequest');

test('nothing is recorded of a test, and a block entry refuses', async () => {
  const { store } = desk;
  await done('blocks.add', { desk, grant: { role: 'operator' }, sent: { name: 'subject:CN=device-7,O=Example' } });
  const entries = (await store.listAudit({})).length;
  const { endpoints } = await tested(requestPem(await csr()), { endpoint: 'wifi' });
  assert.equal(endpoints[0]?.verdict, 'refused');
  const blocked = endpoints[0]?.checks.find(({ check }) => check === 'block list');
  assert.deepEqual([blocked?.verdict, blocked?.code], ['FAIL', 'blocked']);
  assert.equal((await store.listAudit({})).length, entries);
  assert.deepEqual(await store.listPending(), []);
  assert.deepEqual(await store.listCertificates({}), []);
  await done('blocks.remove', { desk, grant: { role: 'operator' }, sent: { name: 'subject:CN=device-7,O=Example' } });
});

test('an operator of one endpoint tests there alone', async () => {
  const grant: RoleGrant = { role: 'operator', endpoints: ['lab'] };
  const key = ecKey('views lab');
  const request = requestPem(
    await writeCertificationRequest({ subject: nameFromText('CN=lab'), challenge: 'w', extensions: [] }, key),
  );
  const { endpoints } = await tested(request, {}, grant);
  assert.deepEqual(
    endpoints.map(({ endpoint, verdict }) => [endpoint, verdict]),
    [['lab', 'depends']],
  );
  await assert.rejects(tested(request, { endpoint: 'wifi' }, grant), { code: 'not_found' });
});

test('what is no request is refused as input, and what was sent is not repeated', async () => {
  await assert.rejects(tested('canary-device-word is no request'), (error: Error & { code: string }) => {
    assert.equal(error.code, 'invalid');
    assert.doesNotMatch(error.message, /canary/);
    return true;
  });
});

test('after a reload the new configuration is in force; while a reload fails the old one stays', async () => {
  const policy = { static: 'canary-static-challenge' };
  const sections = (validity: string) => ({
    authorities: { issuing: issuingSection },
    profiles: { device: { validity } },
    endpoints: [{ path: '/wifi', name: 'wifi', profile: 'device', policy }],
  });
  const { server, config } = await runningDesk(sections('30d'));
  const inForce = async (): Promise<string | undefined> => {
    const sent = { name: 'wifi' };
    const read = await done<{ sections: SettingsSection[] }>('endpoints.read', {
      desk: server.desk(),
      grant: { role: 'auditor' },
      sent,
    });
    const profile = read.sections.find(({ section }) => section === 'profiles.device');
    return profile?.settings.find(({ key }) => key === 'validity')?.value;
  };
  assert.equal(await inForce(), '30d');
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace('validity: 30d', 'validity: 60d'));
  assert.equal(await inForce(), '30d');
  await server.reload();
  assert.equal(await inForce(), '60d');
  writeFileSync(config, text.replace('validity: 30d', 'validity: 90d, wrong: 1'));
  await server.reload();
  assert.equal(await inForce(), '60d');
});
