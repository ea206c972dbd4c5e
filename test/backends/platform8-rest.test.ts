/** DigiCert PKI Platform 8 as the issuer of an authority by its REST interface, against a fake of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { backendClient } from '../../src/backends/backend-client.ts';
import { platform8RestBackend } from '../../src/backends/platform8-rest/platform8-rest-backend.ts';
import type { WantedEnd } from '../../src/backends/wanted-certificate.ts';
import { IssuerError } from '../../src/core/errors.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { handClock } from '../kit/clock.ts';
import { client as device, DAY, NOW } from '../kit/pki.ts';
import { CHAIN } from './fakes/certified.ts';
import { fakePlatform8Rest, REST_KEY } from './fakes/fake-platform8-rest.ts';
import { PROFILE_OID } from './fakes/fake-platform8.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;

async function requestOf(subject: string, ...names: string[]): Promise<EnrollmentRequest> {
  const extensions = names.length > 0 ? [subjectAltName(names.map((text) => generalNameFromText(text)))] : [];
  const der = await writeCertificationRequest({ subject: nameFromText(subject), extensions }, device.key);
  return sampleRequest({ csr: readCertificationRequest(der) });
}
const REQUEST = await requestOf(
  'E=anna@example.com,CN=Anna,OU=B,OU=A,O=Contoso,C=DE',
  'upn:anna@example.com',
  'dns:a.example.com',
);

async function under(t: TestContext, endOf?: WantedEnd, profileId = PROFILE_OID) {
  const fake = fakePlatform8Rest();
  const { url, got } = await serveCa(t, server, fake.answer);
  const parts = { clock: handClock(), pause: async () => undefined };
  const client = backendClient({ name: 'DigiCert', url, ca: own.ca }, parts);
  t.after(client.close);
  const settings = { apiKey: REST_KEY, profileId, seat: 'cn' } as const;
  const backend = platform8RestBackend(settings, { client, clock: handClock(), endOf, chain: CHAIN });
  return { fake, backend, got, paths: () => got.map(({ method, path }) => `${method} ${path}`) };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('an order has each name with the id that the profile gives it, and the headers that DigiCert demands', async (t) => {
  const { backend, fake, got, paths } = await under(t);
  fake.places = [
    { id: 'x7', type: 'dns_name', mandatory: true },
    { id: 'x9', type: 'user_principal_name' },
    { id: 'x8', type: 'rfc822_name' },
  ];
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  assert.deepEqual(paths(), [`GET /mpki/api/v1/profile/${PROFILE_OID}`, 'POST /mpki/api/v1/certificate']);
  assert.deepEqual(JSON.parse(got[1]!.body), {
    profile: { id: PROFILE_OID },
    seat: { seat_id: 'Anna' },
    csr: Buffer.from(REQUEST.csr.der).toString('base64'),
    attributes: {
      email: 'anna@example.com',
      common_name: 'Anna',
      organization_unit: ['A', 'B'],
      organization_name: 'Contoso',
      country: 'DE',
      san: {
        user_principal_name: [{ id: 'x9', type: 'user_principal_name', mandatory: false, value: 'anna@example.com' }],
        dns_name: [{ id: 'x7', type: 'dns_name', mandatory: true, value: 'a.example.com' }],
      },
    },
  });
  const { 'x-api-key': key, 'user-agent': agent, 'content-length': length } = got[1]!.headers;
  assert.deepEqual([key, agent, length], [REST_KEY, 'openndes', String(Buffer.byteLength(got[1]!.body))]);
  await backend.issue(REQUEST, ALLOW, never);
  assert.equal(paths().length, 3, 'the profile is read once');
});

for (const [what, subject, names, text] of [
  [
    'a second DNS name, for which the profile has no place',
    'CN=a',
    ['dns:a.example', 'dns:b.example'],
    'no place for dns_name 2',
  ],
  ['a URI', 'CN=a', ['uri:urn:a'], 'subjectAltName uri has no attribute there'],
  ['a place', 'L=Bonn,CN=a', [], 'has no attribute there'],
  ['two common names', 'CN=a,CN=b', [], 'it takes one'],
] as const)
  test(`a request with ${what} is refused for good before it is ordered`, async (t) => {
    const { backend, paths } = await under(t);
    const error = await fault(backend.issue(await requestOf(subject, ...names), ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['invalid', false]);
    assert.ok(error.adminText.includes(text), error.adminText);
    assert.ok(!paths().some((each) => each.startsWith('POST')));
  });

test('a second mail address is refused, also where the profile has two places: DigiCert takes one', async (t) => {
  const { backend, fake } = await under(t);
  fake.places = ['one', 'two'].map((id) => ({ id, type: 'rfc822_name' }));
  const error = await fault(
    backend.issue(await requestOf('CN=a', 'email:a@example.com', 'email:b@example.com'), ALLOW, never),
  );
  assert.equal(error.code, 'invalid');
});

test('a request without a name that the profile demands is refused; one with a fixed value is not demanded', async (t) => {
  const { backend, fake } = await under(t);
  fake.places = [
    { id: 'a', type: 'dns_name', mandatory: true, value: 'fixed.example.com' },
    { id: 'b', type: 'rfc822_name', mandatory: true },
  ];
  const error = await fault(backend.issue(await requestOf('CN=a'), ALLOW, never));
  assert.match(error.adminText, /demands rfc822_name/);
  assert.equal((await backend.issue(await requestOf('CN=a', 'email:a@example.com'), ALLOW, never)).kind, 'issued');
});

test('a profile that demands what no request has is found before anything is ordered, and orders go on when it is mended', async (t) => {
  const { backend, fake, paths } = await under(t);
  const usual = fake.places;
  fake.places = [{ id: 'a', type: 'registered_id', mandatory: true }];
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable], ['misconfigured', true]);
  assert.match(error.adminText, /demands registered_id, which no request has/);
  assert.equal((await backend.check?.(never))?.ok, false);
  assert.ok(!paths().some((each) => each.startsWith('POST')));
  fake.places = usual;
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
});

test('a profile that is not there is told by its id, and devices wait', async (t) => {
  const { backend } = await under(t, undefined, '1.2.3');
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable], ['misconfigured', true]);
  assert.match(error.adminText, /it has no profile 1\.2\.3$/);
});

for (const [status, code, words] of [
  [400, 'invalid', ', invalid_csr: the key is too short'],
  [401, 'unauthorised', ''],
  [429, 'throttled', ''],
  [500, 'unknown-outcome', ''],
  [503, 'unavailable', ''],
] as const)
  test(`an order that is answered with ${status} is ${code}, with the errors of DigiCert and without the key`, async (t) => {
    const { backend, fake } = await under(t);
    const errors = words ? [{ code: 'invalid_csr', message: 'the key is too short', field: 'csr' }] : [];
    for (let times = 0; times < 5; times++) fake.faults.push({ status, body: { errors } });
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.equal(error.code, code);
    assert.ok(error.adminText.endsWith(`HTTP ${status}${words}`), error.adminText);
    assert.ok(!error.adminText.includes(REST_KEY));
  });

test('an order says for how many days its certificate is wanted, where it is configured so', async (t) => {
  const { backend, got } = await under(t, () => new Date(NOW.getTime() + 45 * DAY));
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.deepEqual((JSON.parse(got[1]!.body) as { validity: object }).validity, { unit: 'days', duration: 45 });
  assert.deepEqual(issued.kind === 'issued' && issued.wantedEnd, new Date(NOW.getTime() + 45 * DAY));
  assert.equal(backend.capabilities?.validityOverride, true);
});

test('a revocation names one serial number and never the seat, and again is a success; an unknown one is not', async (t) => {
  const { backend, fake, got } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  const serial = serialText(readCertificate(issued.certificate).serialNumber);
  const order = { serial, issuer: 'CN=Issuing', certificate: issued.certificate, at: NOW } as const;
  await backend.revoke?.({ ...order, reason: 'keyCompromise' }, never);
  await backend.revoke?.({ ...order, reason: 'superseded' }, never);
  assert.deepEqual([...fake.certificates.values()], ['key_compromise']);
  const sent = got.filter(({ method }) => method === 'PUT').map(({ path, body }) => `${path} ${body}`);
  assert.equal(
    sent[0],
    `/mpki/api/v1/certificate/${serial.toUpperCase()}/revoke {"revocation_reason":"key_compromise"}`,
  );
  const unknown = await fault(
    Promise.resolve(backend.revoke?.({ ...order, serial: '4d00', reason: 'superseded' }, never)),
  );
  assert.equal(unknown.code, 'misconfigured');
});

for (const [reason, expected] of Object.entries({
  unspecified: 'cessation_of_operation',
  keyCompromise: 'key_compromise',
  cACompromise: 'cessation_of_operation',
  affiliationChanged: 'affiliation_changed',
  superseded: 'superseded',
  cessationOfOperation: 'cessation_of_operation',
  certificateHold: 'cessation_of_operation',
  privilegeWithdrawn: 'cessation_of_operation',
  aACompromise: 'cessation_of_operation',
} as const))
  test(`the reason ${reason} is ${expected} at DigiCert`, async (t) => {
    const { backend, fake } = await under(t);
    const issued = await backend.issue(REQUEST, ALLOW, never);
    assert.ok(issued.kind === 'issued');
    const serial = serialText(readCertificate(issued.certificate).serialNumber);
    const order = { serial, issuer: 'CN=Issuing', certificate: issued.certificate, at: NOW };
    await backend.revoke?.({ ...order, reason: reason as 'unspecified' }, never);
    assert.deepEqual([...fake.certificates.values()], [expected]);
  });
