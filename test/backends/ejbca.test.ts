/** EJBCA as the issuer of an authority, against a fake of it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { backendClient } from '../../src/backends/backend-client.ts';
import { ejbcaBackend } from '../../src/backends/ejbca/ejbca-backend.ts';
import type { WantedEnd } from '../../src/backends/wanted-certificate.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import type { EnrollmentRequest } from '../../src/core/request.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { handClock } from '../kit/clock.ts';
import { rsaKey } from '../kit/keys.ts';
import { CSR, REQUEST_PLAN } from '../kit/requests.ts';
import { DAY, NOW } from '../kit/pki.ts';
import { certified, CHAIN } from './fakes/certified.ts';
import { fakeEjbca } from './fakes/fake-ejbca.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const role = await own.issue('CN=openndes');
const SETTINGS = {
  certificateAuthority: 'Devices',
  certificateProfile: 'Device',
  endEntityProfile: 'Intune',
  usernamePrefix: 'openndes-',
};
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;

const requestOf = (der: Uint8Array, more: Partial<EnrollmentRequest> = {}): EnrollmentRequest =>
  sampleRequest({ csr: readCertificationRequest(der), ...more });
const REQUEST = requestOf(CSR);

async function under(t: TestContext, endOf?: WantedEnd) {
  const fake = fakeEjbca();
  const { url, got } = await serveCa(t, server, fake.answer, own.ca);
  const client = backendClient(
    { name: 'EJBCA', url: `${url}/ejbca/ejbca-rest-api/v1`, ca: own.ca, identity: () => role },
    { clock: handClock(), pause: async () => undefined },
  );
  t.after(client.close);
  const clock = handClock();
  const backend = ejbcaBackend(
    { ...SETTINGS, url },
    { client, clock, random: (length) => randomBytes(length), endOf, chain: CHAIN },
  );
  const paths = () => got.map(({ method, path }) => `${method} ${path.slice('/ejbca/ejbca-rest-api/v1'.length)}`);
  return { fake, backend, got, paths, clock };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

test('an order names the profiles and the CA, and its answer is the certificate with the configured chain', async (t) => {
  const { backend, fake, got } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  assert.equal(issued.chain, CHAIN);
  const { password, certificate_request: csr, username, ...rest } = JSON.parse(got[0]!.body) as Record<string, string>;
  assert.deepEqual(rest, {
    certificate_profile_name: 'Device',
    end_entity_profile_name: 'Intune',
    certificate_authority_name: 'Devices',
    include_chain: false,
    response_format: 'DER',
  });
  assert.match(password!, /^[\w-]{32}$/);
  assert.match(username!, /^openndes-[0-9a-f]{32}$/);
  assert.ok(csr!.startsWith('-----BEGIN CERTIFICATE REQUEST-----\n'));
  assert.equal(got[0]!.client, 'openndes');
  assert.deepEqual([...fake.certificates.keys()], [username]);
});

test('an order says when its certificate ends, in UTC, where the profiles permit that; otherwise it says nothing', async (t) => {
  const end = new Date('2026-05-03T10:20:30.400Z');
  const { backend, got } = await under(t, () => end);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.equal((JSON.parse(got[0]!.body) as { end_time: string }).end_time, '2026-05-03 10:20:30+00:00');
  assert.deepEqual([issued.wantedEnd, backend.capabilities?.validityOverride], [end, true]);
  assert.equal((await under(t)).backend.capabilities?.validityOverride, undefined);
});

test('one subject is one end entity; another subject is another one, and so is another name without a subject', async (t) => {
  const { backend, fake } = await under(t);
  const issue = async (different: Partial<typeof REQUEST_PLAN>, key: string) =>
    backend.issue(
      requestOf(await writeCertificationRequest({ ...REQUEST_PLAN, ...different }, rsaKey(key))),
      ALLOW,
      never,
    );
  await backend.issue(REQUEST, ALLOW, never);
  await issue({}, 'new key of the device');
  assert.equal(fake.certificates.size, 1);
  await issue({ subject: nameFromText('CN=device-2') }, 'other device');
  await issue({ subject: nameFromText('') }, 'no subject');
  await issue({ subject: nameFromText(''), extensions: [] }, 'no name');
  assert.equal(fake.certificates.size, 4);
});

test('an order that waits for approval is pending until a person approves, and is issued again when it was finalized before', async (t) => {
  const { backend, fake, paths } = await under(t);
  fake.approval = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  assert.match(pending.reference, /^4711:[0-9a-f]{64}:@1772366400000:openndes-[0-9a-f]{32}$/);
  assert.equal(pending.retryAfter, 300);
  assert.deepEqual(await backend.poll!(pending.reference, never), pending);
  fake.decisions.set(4711, 'approved');
  const issued = await backend.poll!(pending.reference, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(await backend.poll!(pending.reference, never), issued);
  assert.deepEqual(paths(), [
    'POST /certificate/pkcs10enroll',
    'POST /certificate/4711/finalize',
    'POST /certificate/4711/finalize',
    'POST /certificate/4711/finalize',
    'POST /certificate/search',
  ]);
  assert.equal([...fake.certificates.values()].flat().length, 1);
});

test('an order that a person rejected is refused for good, and no certificate of the same key is taken for it', async (t) => {
  const { backend, fake, paths } = await under(t);
  await backend.issue(REQUEST, ALLOW, never);
  fake.approval = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  fake.decisions.set(4711, 'rejected');
  const error = await fault(backend.poll!(pending.reference, never));
  assert.deepEqual([error.code, error.retryable], ['invalid', false]);
  assert.match(error.adminText, /the approval 4711: HTTP 400, Request with Id '4711' has been rejected/);
  assert.equal(paths().at(-1), 'POST /certificate/4711/finalize');
});

test('a reference of another CA keeps the order open', async (t) => {
  const { backend, got } = await under(t);
  const error = await fault(backend.poll!('arn:aws:acm-pca:certificate/1', never));
  assert.deepEqual([error.code, error.retryable, got.length], ['misconfigured', true, 0]);
});

for (const [status, code, retryable] of [
  [400, 'invalid', false],
  [401, 'unauthorised', true],
  [403, 'unauthorised', true],
  [404, 'misconfigured', false],
  [409, 'conflict', false],
  [413, 'invalid', false],
  [422, 'rejected', false],
  [429, 'throttled', true],
  [500, 'unknown-outcome', true],
  [503, 'unavailable', true],
] as const)
  test(`an order that EJBCA answers with ${status} is ${code}`, async (t) => {
    const { backend, fake, got } = await under(t);
    fake.faults.push({ status, body: { error_code: status, error_message: 'the words of EJBCA' } });
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable, got.length], [code, retryable, 1]);
    assert.match(error.adminText, /EJBCA.*the words of EJBCA/);
    const { password } = JSON.parse(got[0]!.body) as { password: string };
    assert.ok(!error.adminText.includes(password));
  });

test('a success without a certificate leaves the outcome unknown', async (t) => {
  const { backend, fake } = await under(t);
  fake.faults.push({ status: 201, body: { serial_number: '01' } });
  assert.equal((await fault(backend.issue(REQUEST, ALLOW, never))).code, 'unknown-outcome');
});

test('two orders for one end entity go one after the other, also when the first fails; others do not wait', async (t) => {
  const { backend, fake, got } = await under(t);
  const gate = Promise.withResolvers<void>();
  fake.gate = gate.promise;
  fake.faults.push({ status: 500, body: {} });
  const other = requestOf(
    await writeCertificationRequest({ ...REQUEST_PLAN, subject: nameFromText('CN=device-2') }, rsaKey('other device')),
  );
  const orders = [REQUEST, REQUEST, other].map((request) => backend.issue(request, ALLOW, never));
  const ends = Promise.allSettled(orders);
  while (got.length < 2) await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  assert.equal((await ends).filter(({ status }) => status === 'fulfilled').length, 2);
  assert.deepEqual([fake.mostTogether, got.length], [1, 3]);
});

test('after an unknown outcome the certificate is found by end entity and key; not the one that is renewed, nor of another key', async (t) => {
  const { backend } = await under(t);
  assert.equal(await backend.find!(REQUEST, never), undefined);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(await backend.find!(REQUEST, never), issued);
  const renewal = requestOf(CSR, { renews: { serial: '1', certificate: issued.certificate } });
  assert.equal(await backend.find!(renewal, never), undefined);
  const otherKey = requestOf(await writeCertificationRequest(REQUEST_PLAN, rsaKey('another key of the device')));
  assert.equal(await backend.find!(otherKey, never), undefined);
});

test('a certificate of the same key that was made before the order is not that of the order', async (t) => {
  const { backend, fake, got } = await under(t);
  const earlier = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(earlier.kind === 'issued');
  const [username] = fake.certificates.keys();
  const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY);
  assert.equal(await backend.find!(REQUEST, never, inDays(2)), undefined);
  const { criteria } = JSON.parse(got.at(-1)!.body) as { criteria: object[] };
  assert.deepEqual(criteria.at(-1), { property: 'ISSUED_DATE', value: '2026-03-02T11:00:00Z', operation: 'AFTER' });
  const later = await certified(CSR, { notBefore: inDays(2), notAfter: inDays(9) });
  fake.certificates.set(username!, [later, earlier.certificate]);
  assert.deepEqual(await backend.find!(REQUEST, never, inDays(2)), {
    kind: 'issued',
    certificate: later,
    chain: CHAIN,
  });
});

test('a finalized order whose certificate is not there is not given one of the same key that was made before', async (t) => {
  const { backend, fake, clock } = await under(t);
  await backend.issue(REQUEST, ALLOW, never);
  clock.forward(2 * DAY);
  fake.approval = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  fake.decisions.set(4711, 'approved');
  await backend.poll!(pending.reference, never);
  const [earlier] = [...fake.certificates.values()].flat();
  fake.certificates.set([...fake.certificates.keys()][0]!, [earlier!]);
  assert.match((await fault(backend.poll!(pending.reference, never))).adminText, /has already been finalized/);
});

test('a search that does not list everything says nothing', async (t) => {
  const { backend, fake } = await under(t);
  fake.moreResults = true;
  const error = await fault(backend.find!(REQUEST, never));
  assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
});

async function orderOf(backend: Awaited<ReturnType<typeof under>>['backend'], issuer: string) {
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  const serial = serialText(readCertificate(issued.certificate).serialNumber);
  return { serial, issuer, certificate: issued.certificate, at: new Date(0) };
}

test('the issuer is written in the order of EJBCA and encoded: comma, plus, umlaut and space', async (t) => {
  const { backend, fake, paths } = await under(t);
  fake.cas = [
    { name: 'Other', subject_dn: 'CN=Other' },
    { name: 'Devices', subject_dn: 'CN=Geräte\\, West+OU=A B,O=Müller \\& Co,C=DE' },
  ];
  // An unknown backslash pair is the character itself (RFC 4514 3).
  const order = await orderOf(backend, 'C=DE,O=Müller & Co,CN=Geräte\\, West+OU=A B');
  await backend.revoke!({ ...order, reason: 'keyCompromise' }, never);
  assert.equal(
    paths().at(-1),
    `PUT /certificate/CN%3DGer%C3%A4te%5C%2C%20West%2BOU%3DA%20B%2CO%3DM%C3%BCller%20%5C%26%20Co%2CC%3DDE/${order.serial}/revoke?reason=KEY_COMPROMISE`,
  );
  assert.deepEqual([...fake.revoked], [[order.serial, 'KEY_COMPROMISE']]);
});

test('a certificate that is revoked already is a success; a CA that is not listed, and one that waits for approval, are not', async (t) => {
  const { backend, fake } = await under(t);
  const order = { ...(await orderOf(backend, 'CN=Test Issuing')), reason: 'superseded' } as const;
  await backend.revoke!(order, never);
  await backend.revoke!(order, never);
  assert.deepEqual([...fake.revoked], [[order.serial, 'SUPERSEDED']]);
  fake.cas = [{ name: 'Other', subject_dn: 'CN=Other' }];
  assert.match((await fault(backend.revoke!(order, never))).adminText, /does not list the CA CN=Test Issuing/);
});

test('every reason of RFC 5280 has its name in EJBCA, and a hold is taken back', async (t) => {
  const { backend, fake } = await under(t);
  const named: Record<RevocationReason, string> = {
    unspecified: 'UNSPECIFIED',
    keyCompromise: 'KEY_COMPROMISE',
    cACompromise: 'CA_COMPROMISE',
    affiliationChanged: 'AFFILIATION_CHANGED',
    superseded: 'SUPERSEDED',
    cessationOfOperation: 'CESSATION_OF_OPERATION',
    certificateHold: 'CERTIFICATE_HOLD',
    privilegeWithdrawn: 'PRIVILEGES_WITHDRAWN',
    aACompromise: 'AA_COMPROMISE',
  };
  const order = await orderOf(backend, 'CN=Test Issuing');
  for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
    fake.revoked.clear();
    await backend.revoke!({ ...order, reason }, never);
    assert.deepEqual([...fake.revoked.values()], [named[reason]]);
  }
  await backend.release!(order, never);
  assert.deepEqual([...fake.revoked.values()], ['REMOVE_FROM_CRL']);
});

test('its health says the version, and whether the CA is seen', async (t) => {
  const { backend, fake, paths } = await under(t);
  assert.deepEqual(await backend.check!(never), { ok: true, detail: '1.0' });
  fake.cas = [];
  assert.deepEqual(await backend.check!(never), {
    ok: false,
    detail: '1.0: the role of openndes sees no CA with the name "Devices"',
  });
  assert.ok(paths().every((path) => path.startsWith('GET ')));
});
