/** DigiCert Trust Lifecycle Manager as the issuer of an authority, against a fake of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { backendClient } from '../../src/backends/backend-client.ts';
import { digicertBackend } from '../../src/backends/digicert/digicert-backend.ts';
import type { DigicertSettings } from '../../src/backends/digicert/digicert-settings.ts';
import type { WantedEnd } from '../../src/backends/wanted-certificate.ts';
import { encode, oid, utf8String } from '../../src/asn1/writer.ts';
import { explicit } from '../../src/asn1/tags.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { readCertificate, serialText, thumbprintSha256 } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, type RequestPlan, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { handClock } from '../kit/clock.ts';
import { client as device, DAY, HOUR, NOW } from '../kit/pki.ts';
import { rsaKey } from '../kit/keys.ts';
import { certified, CHAIN } from './fakes/certified.ts';
import { API_KEY, fakeDigicert, PROFILE_ID } from './fakes/fake-digicert.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;
const SID = 'tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104';
const PLAN: RequestPlan = {
  subject: nameFromText('E=anna@example.com,CN=Anna,OU=B,OU=A,O=Contoso,C=DE'),
  extensions: [
    subjectAltName(
      ['upn:anna@example.com', 'email:anna@example.com', `uri:${SID}`, 'dns:a.example.com', 'dns:b.example.com'].map(
        (text) => generalNameFromText(text),
      ),
    ),
  ],
};

async function requestOf(
  plan: Partial<RequestPlan> = {},
  more: Partial<EnrollmentRequest> = {},
  key = device.key,
): Promise<EnrollmentRequest> {
  const der = await writeCertificationRequest({ ...PLAN, ...plan }, key);
  return sampleRequest({ csr: readCertificationRequest(der), ...more });
}
const REQUEST = await requestOf();

async function under(t: TestContext, different: Partial<DigicertSettings> = {}, endOf?: WantedEnd) {
  const fake = fakeDigicert();
  const { url, got } = await serveCa(t, server, fake.answer);
  const client = backendClient(
    { name: 'DigiCert', url, ca: own.ca },
    { clock: handClock(), pause: async () => undefined },
  );
  t.after(client.close);
  const settings: DigicertSettings = { apiKey: API_KEY, profileId: PROFILE_ID, seat: 'upn', ...different };
  const backend = digicertBackend(settings, { client, clock: handClock(), endOf, chain: CHAIN });
  const paths = () => got.map(({ method, path }) => `${method} ${path}`);
  return { fake, backend, got, paths };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('an order has the names of the request as nested attributes, the seat, and the headers that DigiCert demands', async (t) => {
  const { backend, got, paths } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  assert.equal(issued.chain, CHAIN);
  assert.deepEqual(paths(), [`GET /mpki/api/v2/profile/${PROFILE_ID}`, 'POST /mpki/api/v1/certificate']);
  assert.deepEqual(JSON.parse(got[1]!.body), {
    profile: { id: PROFILE_ID },
    seat: { seat_id: 'anna@example.com' },
    csr: Buffer.from(REQUEST.csr.der).toString('base64'),
    delivery_format: 'x509',
    include_ca_chain: false,
    attributes: {
      subject: {
        email: 'anna@example.com',
        common_name: 'Anna',
        organization_units: ['A', 'B'],
        organization_name: 'Contoso',
        country: 'DE',
      },
      extensions: {
        san: {
          user_principal_names: ['anna@example.com'],
          emails: ['anna@example.com'],
          uris: [SID],
          dns_names: ['a.example.com', 'b.example.com'],
        },
      },
    },
  });
  const { 'x-api-key': key, 'user-agent': agent, 'content-length': length } = got[1]!.headers;
  assert.deepEqual([key, agent, length], [API_KEY, 'openndes', String(got[1]!.body.length)]);
  await backend.issue(REQUEST, ALLOW, never);
  assert.equal(paths().at(-2), 'POST /mpki/api/v1/certificate');
});

for (const [what, hours, days] of [
  ['a number of days', 90 * 24, 90],
  ['a number of days that ends some seconds earlier, by the time that has passed,', 90 * 24 - 0.01, 90],
  ['half a day more than a number of days', 90 * 24 + 12, 90],
] as const)
  test(`an order for ${what} says it in days`, async (t) => {
    const { backend, got } = await under(t, {}, () => new Date(NOW.getTime() + hours * HOUR));
    const issued = await backend.issue(REQUEST, ALLOW, never);
    assert.ok(issued.kind === 'issued');
    const { validity } = JSON.parse(got[1]!.body) as { validity: object };
    assert.deepEqual(validity, { unit: 'days', duration: days });
    assert.deepEqual(issued.wantedEnd, new Date(NOW.getTime() + days * DAY));
    assert.equal(backend.capabilities?.validityOverride, true);
  });

test('an order for less than a day is refused for good, and nothing is ordered', async (t) => {
  const { backend, paths } = await under(t, {}, () => new Date(NOW.getTime() + 20 * HOUR));
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable, paths().length], ['invalid', false, 1]);
  assert.match(error.adminText, /certifies for whole days, and less than one is wanted/);
});

const otherName = encode(explicit(0), oid('1.2.3.4'), encode(explicit(0), utf8String('x')));

for (const [what, plan, text] of [
  [
    'an otherName of another type',
    { extensions: [subjectAltName([generalNameFromText('upn:a@b.c'), otherName])] },
    /subjectAltName otherName has no attribute/,
  ],
  ['two common names', { subject: nameFromText('CN=a,CN=b') }, /it takes one CN/],
  ['an attribute that is not in its list', { subject: nameFromText('1.2.3=a') }, /1\.2\.3 has no attribute/],
  ['no name for the seat', { extensions: [] }, /the request has no upn, which is to be the seat/],
] as const)
  test(`a request with ${what} is refused for good before it is ordered`, async (t) => {
    const { backend, paths } = await under(t);
    const error = await fault(backend.issue(await requestOf(plan), ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['invalid', false]);
    assert.match(error.adminText, text);
    assert.deepEqual(paths(), [`GET /mpki/api/v2/profile/${PROFILE_ID}`]);
  });

const attribute = (type: string, source: string, mandatory = true) => ({ type, mandatory, sources: [{ source }] });
const profileWith = (...attributes: object[]) => ({
  status: 'ACTIVE',
  certificate: {
    subject: { attributes },
    extensions: { san: { attributes: [attribute('dns_name', 'REST_REQUEST')] } },
  },
});

for (const [what, profile, detail] of [
  ['is suspended', { status: 'SUSPENDED' }, /the profile: its status is SUSPENDED, not Active/],
  [
    'demands what no request has',
    profileWith(attribute('common_name', 'REST_REQUEST'), attribute('pseudonym', 'REST_REQUEST')),
    /the profile: it demands the attribute pseudonym, which no request has: give it a fixed value/,
  ],
] as const)
  test(`a profile that ${what} is found before anything is ordered, and orders go on when it is mended`, async (t) => {
    const { backend, fake, paths } = await under(t);
    fake.profile = profile;
    const health = await backend.check!(never);
    assert.equal(health.ok, false);
    assert.match(health.detail, detail);
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['misconfigured', true]);
    assert.match(error.adminText, detail);
    assert.ok(paths().every((path) => path.startsWith('GET ')));
    fake.profile = { status: 'Active' };
    assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  });

test('a profile whose mandatory attributes are in requests or have a fixed value is fit', async (t) => {
  const { backend, fake } = await under(t);
  fake.profile = profileWith(
    attribute('common_name', 'REST_REQUEST'),
    attribute('organization_units', 'REST_REQUEST'),
    attribute('street_address', 'REST_REQUEST'),
    attribute('pseudonym', 'FIXED_VALUE'),
    attribute('unique_identifier', 'REST_REQUEST', false),
  );
  assert.deepEqual(await backend.check!(never), { ok: true, detail: 'the profile is active' });
});

for (const [status, code, retryable] of [
  [400, 'invalid', false],
  [401, 'unauthorised', true],
  [403, 'unauthorised', true],
  [429, 'throttled', true],
  [500, 'unknown-outcome', true],
  [503, 'unavailable', true],
] as const)
  test(`an order that is answered with ${status} is ${code}, with the errors of DigiCert and without the key`, async (t) => {
    const { backend, fake, paths } = await under(t);
    const errors = [
      { code: 'missing_field', message: 'the seat is missing', field: 'seat.seat_id' },
      { code: 'echo', message: `the key was ${API_KEY}` },
    ];
    fake.faults.push({ status, body: { errors } });
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.match(error.adminText, /missing_field: the seat is missing; echo: the key was \[withheld\]/);
    await backend.issue(REQUEST, ALLOW, never);
    // The profile is read again after an error.
    assert.equal(paths().filter((path) => path.includes('/profile/')).length, 2);
  });

test('an order that waits is picked up, and found by its seat when it was picked up before', async (t) => {
  const { backend, fake, got, paths } = await under(t);
  fake.waits = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  assert.match(pending.reference, /^request-1:[0-9a-f]{64}:@1772366400000:anna@example\.com$/);
  assert.equal(pending.retryAfter, 120);
  assert.deepEqual(await backend.poll!(pending.reference, never), pending);
  fake.decided = true;
  const issued = await backend.poll!(pending.reference, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(await backend.poll!(pending.reference, never), issued);
  assert.deepEqual(paths().slice(2), [
    'POST /mpki/api/v1/certificate-pickup/request-1',
    'POST /mpki/api/v1/certificate-pickup/request-1',
    'POST /mpki/api/v1/certificate-pickup/request-1',
    `GET /mpki/api/v1/certificate-search?profile_id=${PROFILE_ID}&seat_id=anna%40example.com&status=issued&offset=0&limit=100`,
  ]);
  assert.equal(got[2]!.headers['content-length'], '2');
  assert.equal(fake.certificates.size, 1);
});

test('an order that DigiCert does not know any more is refused for good', async (t) => {
  const { backend } = await under(t);
  const keyHash = 'ab'.repeat(32);
  const error = await fault(backend.poll!(`request-9:${keyHash}:@0:anna@example.com`, never));
  assert.deepEqual([error.code, error.retryable], ['invalid', false]);
  assert.match(error.adminText, /the order request-9: HTTP 400, request_not_found: no such request/);
});

test('after an unknown outcome the certificate is found by seat and key; not the one that is renewed, nor of another key', async (t) => {
  const { backend } = await under(t);
  assert.equal(await backend.find!(REQUEST, never), undefined);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(await backend.find!(REQUEST, never), issued);
  const { certificate } = issued;
  assert.equal(await backend.find!(await requestOf({}, { renews: { serial: '1', certificate } }), never), undefined);
  assert.equal(await backend.find!(await requestOf({}, {}, rsaKey('another key of the user')), never), undefined);
});

test('a certificate of the same key that was made before the order is not that of the order, on whatever page it is', async (t) => {
  const { backend, fake, paths } = await under(t);
  fake.mostItems = 2;
  for (const device of [1, 2, 3])
    await backend.issue(await requestOf({}, {}, rsaKey(`device ${device}`)), ALLOW, never);
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY);
  assert.equal(await backend.find!(REQUEST, never, inDays(2)), undefined);
  assert.deepEqual(
    paths()
      .slice(-2)
      .map((path) => /offset=\d+/.exec(path)?.[0]),
    ['offset=0', 'offset=2'],
  );
  const later = await certified(REQUEST.csr.der, { notBefore: inDays(2), notAfter: inDays(9) });
  fake.certificates.set('LATER', { der: later, seat: 'anna@example.com', status: 'issued' });
  const found = await backend.find!(REQUEST, never, inDays(2));
  assert.deepEqual(found?.certificate, later);
});

test('a revocation names one certificate by serial number and thumbprint, never the seat; again is a success', async (t) => {
  const { backend, fake, got, paths } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  const other = await backend.issue(await requestOf({}, {}, rsaKey('second device')), ALLOW, never);
  assert.ok(issued.kind === 'issued' && other.kind === 'issued');
  const { certificate } = issued;
  const serial = serialText(readCertificate(certificate).serialNumber);
  const order = { serial, issuer: 'CN=Test Issuing', certificate, at: new Date(0), reason: 'keyCompromise' } as const;
  await backend.revoke!(order, never);
  const path = `/mpki/api/v1/certificate/${serial.toUpperCase()}`;
  const query = `thumbprint_sha256=${thumbprintSha256(certificate)}`;
  assert.equal(paths().at(-1), `PUT ${path}/revoke?${query}`);
  assert.deepEqual(JSON.parse(got.at(-1)!.body), { revocation_reason: 'key_compromise' });
  assert.deepEqual(
    [...fake.certificates.values()].map(({ status }) => status),
    ['revoked', 'issued'],
  );
  await backend.revoke!(order, never);
  assert.equal(paths().at(-1), `GET ${path}?${query}`);
  assert.ok(got.slice(-3).every(({ path: each, body }) => !/seat/i.test(each + body)));
  const unknown = await fault(backend.revoke!({ ...order, serial: '4d' }, never));
  assert.match(unknown.adminText, /the revocation of 4d: HTTP 404, certificate_not_found: no such certificate/);
});

test('every reason of RFC 5280 has its name at DigiCert, and a hold is taken back', async (t) => {
  const { backend, fake, got, paths } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  const { certificate } = issued;
  const serial = serialText(readCertificate(certificate).serialNumber);
  const order = { serial, issuer: 'CN=Test Issuing', certificate, at: new Date(0) };
  const kept = fake.certificates.get(serial.toUpperCase());
  const named: Record<RevocationReason, string> = {
    unspecified: 'unspecified',
    keyCompromise: 'key_compromise',
    cACompromise: 'ca_compromise',
    affiliationChanged: 'affiliation_changed',
    superseded: 'superseded',
    cessationOfOperation: 'cessation_of_operation',
    certificateHold: 'certificate_hold',
    privilegeWithdrawn: 'privilege_withdrawn',
    aACompromise: 'aa_compromise',
  };
  for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
    kept!.status = 'issued';
    await backend.revoke!({ ...order, reason }, never);
    assert.deepEqual(JSON.parse(got.at(-1)!.body), { revocation_reason: named[reason] });
  }
  kept!.status = 'suspended';
  await backend.release!(order, never);
  assert.equal(kept!.status, 'issued');
  assert.match(paths().at(-1)!, /^DELETE .*\/revoke\?thumbprint_sha256=/);
  kept!.status = 'revoked';
  assert.match((await fault(backend.release!(order, never))).adminText, /the release of .*: HTTP 400/);
});

test('its health says why the key is not accepted', async (t) => {
  const { backend } = await under(t, { apiKey: 'wrong-key' });
  const { ok, detail } = await backend.check!(never);
  assert.equal(ok, false);
  assert.match(detail, /^DigiCert \(localhost:\d+\), the profile: HTTP 401, access_denied: the token is not valid$/);
});
