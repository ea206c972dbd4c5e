/** DigiCert PKI Platform 8 as the issuer of an authority, against a fake of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { explicit } from '../../src/asn1/tags.ts';
import { encode, oid, utf8String } from '../../src/asn1/writer.ts';
import { backendClient } from '../../src/backends/backend-client.ts';
import { platform8Backend } from '../../src/backends/platform8/platform8-backend.ts';
import { platform8Names, type Platform8Names, valuesFor } from '../../src/backends/platform8/platform8-values.ts';
import type { WantedEnd } from '../../src/backends/wanted-certificate.ts';
import { elementsNamed, readXml } from '../../src/backends/strict-xml.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../src/core/issuer.ts';
import { readCertificate, serialText } from '../../src/pkix/certificate.ts';
import { readCertificationRequest, type RequestPlan, writeCertificationRequest } from '../../src/pkix/csr.ts';
import { subjectAltName } from '../../src/pkix/extensions.ts';
import { generalNameFromText } from '../../src/pkix/general-name.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { handClock } from '../kit/clock.ts';
import { client as device, DAY, HOUR, NOW } from '../kit/pki.ts';
import { certified, CHAIN } from './fakes/certified.ts';
import { fakePlatform8, faultBody, PROFILE_OID } from './fakes/fake-platform8.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;
const REQUEST_KEY = '0123456789abcdef'.repeat(4);
const OTHER_NAME = encode(explicit(0), oid('1.2.3.4'), encode(explicit(0), utf8String('x')));

const altNames = (...names: readonly string[]) => subjectAltName(names.map((text) => generalNameFromText(text)));
async function csrOf(plan: Partial<RequestPlan> = {}) {
  const usual = {
    subject: nameFromText('CN=Anna & Co'),
    extensions: [altNames('email:anna@example.com', 'upn:anna@contoso.com')],
  };
  return readCertificationRequest(await writeCertificationRequest({ ...usual, ...plan }, device.key));
}
const REQUEST = sampleRequest({ csr: await csrOf(), requestKey: REQUEST_KEY });

async function under(t: TestContext, profileOid = PROFILE_OID, endOf?: WantedEnd) {
  const fake = fakePlatform8();
  const { url, got } = await serveCa(t, server, fake.answer, own.ca);
  let identity = await own.issue('CN=first RA');
  const client = backendClient(
    { name: 'DigiCert PKI Platform', url, ca: own.ca, identity: () => identity },
    { clock: handClock(), pause: async () => undefined },
  );
  t.after(client.close);
  const backend = platform8Backend({ profileOid, seat: 'upn' }, { client, clock: handClock(), endOf, chain: CHAIN });
  const renew = async (): Promise<void> => void (identity = await own.issue('CN=second RA'));
  return { fake, backend, got, renew };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

/** The texts of these elements of a message, whatever their namespace. */
function textsOf(body: string, ...names: readonly string[]): string[] {
  const all = (element: ReturnType<typeof readXml>): ReturnType<typeof readXml>[] =>
    element.children.flatMap((child) => [child, ...all(child)]);
  return all(readXml(body))
    .filter(({ name }) => names.includes(name))
    .map(({ text }) => text);
}

test('an order is SOAP 1.1 with the profile, the request, the seat and the names that the profile asks for', async (t) => {
  const { backend, got } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  assert.equal(issued.chain, CHAIN);
  const [policy, order] = got;
  assert.equal(policy!.path, '/pki-ws/policyService');
  assert.equal(
    policy!.headers['soapaction'],
    '"http://schemas.verisign.com/pkiservices/2009/07/policy/requestPolicies"',
  );
  assert.deepEqual(textsOf(policy!.body, 'oid'), [PROFILE_OID]);
  assert.equal(order!.path, '/pki-ws/enrollmentService');
  assert.equal(order!.headers['content-type'], 'text/xml; charset=utf-8');
  assert.equal(
    order!.headers['soapaction'],
    '"http://schemas.verisign.com/pkiservices/2009/07/enrollment/requestSecurityToken"',
  );
  assert.equal(order!.client, 'first RA');
  const root = readXml(order!.body);
  const inTrust = (namespace: string) => elementsNamed(root, 'RequestSecurityToken', [namespace]).length;
  // The name of WS-Trust 1.3 with a slash at its end.
  assert.equal(inTrust('http://docs.oasis-open.org/ws-sx/ws-trust/200512/'), 1);
  assert.deepEqual(textsOf(order!.body, 'certificateProfileID', 'clientTransactionID', 'requestType', 'version'), [
    PROFILE_OID,
    REQUEST_KEY.slice(0, 40),
    'http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue',
    '2.0',
  ]);
  assert.deepEqual(textsOf(order!.body, 'binarySecurityToken'), [Buffer.from(REQUEST.csr.der).toString('base64')]);
  assert.deepEqual(textsOf(order!.body, 'name', 'value'), [
    'seat_id',
    'anna@contoso.com',
    'common_name',
    'Anna & Co',
    'san_email',
    'anna@example.com',
    'otherNameUPN',
    'anna@contoso.com',
  ]);
});

const EMAIL = 'a@example.com';
const UPN = 'u@contoso.com';
const DER = Buffer.from(OTHER_NAME).toString('base64');

/** The attribute of the profile, what the request has, and what is sent; undefined where the request is refused. */
const FALLBACKS: readonly [string, Platform8Names, string | undefined][] = [
  ['AltNameTypeEmail', { email: EMAIL, upn: UPN, cn: 'c@example.com' }, EMAIL],
  ['AltNameTypeEmail', { upn: UPN, cn: 'c@example.com' }, UPN],
  ['AltNameTypeEmail', { cn: 'c@example.com' }, 'c@example.com'],
  ['AltNameTypeEmail', { cn: 'Anna' }, undefined],
  ['AltNameTypeEmail', {}, undefined],
  ['AltNameTypeUpn', { email: EMAIL, upn: UPN, cn: 'c@example.com' }, UPN],
  ['AltNameTypeUpn', { email: EMAIL, cn: 'c@example.com' }, EMAIL],
  ['AltNameTypeUpn', { cn: 'c@example.com' }, 'c@example.com'],
  ['AltNameTypeUpn', { cn: 'Anna' }, undefined],
  ['AltNameTypeUpn', {}, undefined],
  ['AltNameTypeOtherName', { otherName: OTHER_NAME }, DER],
  ['AltNameTypeOtherName', { email: EMAIL, upn: UPN }, undefined],
];
for (const [attribute, names, expected] of FALLBACKS)
  test(`${attribute} of a request with ${Object.keys(names).join(', ') || 'nothing'}${names.cn === 'Anna' ? ' that is no address' : ''} is ${expected ?? 'refused'}`, () => {
    const fill = () => valuesFor(names, 's', [{ attribute, name: 'pair', mandatory: true }]);
    if (expected === undefined)
      assert.throws(fill, { code: 'invalid', retryable: false, message: new RegExp(`nothing for ${attribute}`) });
    else
      assert.deepEqual(fill(), [
        { name: 'seat_id', value: 's' },
        { name: 'pair', value: expected },
      ]);
  });

test('the first of each kind of name counts, and an attribute that is not mandatory may be absent', async () => {
  const extensions = [
    subjectAltName([
      OTHER_NAME,
      ...['upn:u@a.b', 'email:e@a.b', 'email:f@a.b'].map((text) => generalNameFromText(text)),
    ]),
  ];
  const csr = await csrOf({ subject: nameFromText('SN=Berg,G=Anna,CN=second,CN=first,C=DE'), extensions });
  assert.deepEqual(platform8Names(csr), {
    country: 'DE',
    cn: 'first',
    givenName: 'Anna',
    surname: 'Berg',
    otherName: Buffer.from(OTHER_NAME),
    upn: 'u@a.b',
    email: 'e@a.b',
  });
  assert.deepEqual(valuesFor({}, 's', [{ attribute: 'country', name: 'country', mandatory: false }]), [
    { name: 'seat_id', value: 's' },
  ]);
});

test('a profile that demands what no request has is found before anything is ordered, and by name', async (t) => {
  const { backend, fake, got } = await under(t);
  fake.attributes.push({ attribute: 'employeeNumber', name: 'employee', mandatory: true });
  const lacking = /the DigiCert profile demands employeeNumber, which no request has: fix its value in the profile/;
  assert.match((await backend.check!(never)).detail, lacking);
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable], ['misconfigured', true]);
  assert.match(error.adminText, lacking);
  assert.ok(got.every(({ path }) => path === '/pki-ws/policyService'));
  fake.attributes.pop();
  fake.attributes.push({ attribute: 'employeeNumber', name: 'employee', mandatory: false });
  assert.deepEqual(await backend.check!(never), { ok: true, detail: 'the profile can be read' });
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.equal(backend.capabilities?.validityOverride, undefined);
});

test('an attribute that the profile has a value for, and lets no order replace, is not demanded', async (t) => {
  const { backend, fake, got } = await under(t);
  const property = (overridable: boolean): string =>
    `<attributeNameValueProperty><value>R&amp;D</value><overridable>${overridable}</overridable></attributeNameValueProperty>`;
  fake.attributes.push({ attribute: 'department', name: 'department', mandatory: true, property: property(true) });
  assert.match((await backend.check!(never)).detail, /demands department/);
  fake.attributes.pop();
  fake.attributes.push({ attribute: 'department', name: 'department', mandatory: true, property: property(false) });
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.doesNotMatch(got.at(-1)!.body, /department/);
});

const END = () => new Date(NOW.getTime() + 45 * DAY + 6 * HOUR);

for (const [what, override] of [
  ['says true', '<overrideFlag>true</overrideFlag>'],
  [
    'is 1 and the pair is listed',
    '<overrideFlag>1</overrideFlag><overrideNameValuePair>$overrideValidityEndDate</overrideNameValuePair><overrideNameValuePair>$overrideValidityDays</overrideNameValuePair>',
  ],
] as const)
  test(`an order says for how many days its certificate is wanted, where the overrideFlag of the policy ${what}`, async (t) => {
    const { backend, fake, got } = await under(t, PROFILE_OID, END);
    fake.override = override;
    const issued = await backend.issue(REQUEST, ALLOW, never);
    assert.ok(issued.kind === 'issued');
    assert.deepEqual(textsOf(got.at(-1)!.body, 'name', 'value').slice(-2), ['$overrideValidityDays', '45']);
    assert.deepEqual(issued.wantedEnd, new Date(NOW.getTime() + 45 * DAY));
    assert.equal(backend.capabilities?.validityOverride, true);
  });

for (const [what, override] of [
  ['says false', '<overrideFlag>false</overrideFlag>'],
  ['says nothing', undefined],
  [
    'has another pair only',
    '<overrideFlag>true</overrideFlag><overrideNameValuePair>$overrideValidityEndDate</overrideNameValuePair>',
  ],
] as const)
  test(`where the overrideFlag of the policy ${what}, nothing is ordered with a validity`, async (t) => {
    const { backend, fake, got } = await under(t, PROFILE_OID, END);
    if (override !== undefined) fake.override = override;
    const refused = /the DigiCert profile does not let an order say how long a certificate is valid \(overrideFlag\)/;
    assert.match((await backend.check!(never)).detail, refused);
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['misconfigured', true]);
    assert.match(error.adminText, refused);
    assert.ok(got.every(({ path }) => path === '/pki-ws/policyService'));
  });

test('a profile that is not there is found', async (t) => {
  const { backend } = await under(t, '1.2.3');
  assert.deepEqual(await backend.check!(never), {
    ok: false,
    detail: 'DigiCert has no profile with this OID, or more than one',
  });
});

test('an order that waits is asked about until it is decided; the certificate is found last and first in PKCS#7', async (t) => {
  const { backend, fake, got } = await under(t);
  fake.waits = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  assert.match(pending.reference, /^pending-1:[0-9a-f]{64}:@1772366400000:anna@contoso\.com$/);
  assert.equal(pending.retryAfter, 300);
  assert.deepEqual(await backend.poll!(pending.reference, never), pending);
  assert.deepEqual(textsOf(got.at(-1)!.body, 'requestType', 'pendingTokenReferenceID'), [
    'http://schemas.verisign.com/pkiservices/2009/07/QueryTokenStatus',
    'pending-1',
  ]);
  fake.decided = true;
  for (const leafLast of [true, false]) {
    fake.leafLast = leafLast;
    const issued = await backend.poll!(pending.reference, never);
    assert.ok(issued.kind === 'issued');
    assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  }
  const unknown = await fault(backend.poll!(pending.reference.replace('-1', '-9'), never));
  assert.deepEqual([unknown.code, unknown.retryable], ['rejected', false]);
  assert.match(unknown.adminText, /the order pending-9: 1E01: no such order: refused/);
});

const SERVER = faultBody('', '').replace('S:Client', 'S:Server');
for (const [what, answer, code, retryable, text] of [
  [
    'a fault with a code',
    { status: 500, body: faultBody('1A07', 'the seat is locked') },
    'rejected',
    false,
    /an order: 1A07: the seat is locked: refused/,
  ],
  ['a fault of the server without a code', { status: 500, body: SERVER }, 'unknown-outcome', true, /an order: refused/],
  [
    'a status without a fault',
    { status: 500, body: 'down', type: 'text/plain' },
    'unavailable',
    true,
    /HTTP 500 without XML/,
  ],
  [
    'a refused RA certificate',
    { status: 403, body: 'no', type: 'text/html' },
    'unauthorised',
    true,
    /Is the RA certificate valid/,
  ],
  ['XML that is no SOAP', { status: 200, body: '<a/>' }, 'unavailable', true, /HTTP 200 without SOAP/],
  ['a document type', { status: 200, body: '<!DOCTYPE a><a/>' }, 'unavailable', true, /a document type/],
  [
    'SOAP without a certificate',
    { status: 200, body: faultBody('', '').replaceAll('Fault', 'Nothing') },
    'unknown-outcome',
    true,
    /neither a certificate nor/,
  ],
] as const)
  test(`an order that is answered with ${what} is ${code}`, async (t) => {
    const { backend, fake } = await under(t);
    fake.faults.push(answer);
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.match(error.adminText, text);
  });

async function madeBy(backend: Awaited<ReturnType<typeof under>>['backend']) {
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  const { certificate } = issued;
  const serial = serialText(readCertificate(certificate).serialNumber);
  return { serial, issuer: 'CN=Test Issuing', certificate, at: new Date(0) };
}

test('after an unknown outcome the certificate is found by seat and key among those made since the order, page by page', async (t) => {
  const { backend, fake, got } = await under(t);
  assert.equal(await backend.find!(REQUEST, never, NOW), undefined);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(await backend.find!(REQUEST, never, NOW), issued);
  const { path, headers, body } = got.at(-1)!;
  assert.equal(path, '/pki-ws/certificateManagementService');
  assert.equal(headers['soapaction'], '"http://schemas.verisign.com/pkiservices/2009/07/management/searchCertificate"');
  assert.deepEqual(textsOf(body, 'seatId', 'profileOID', 'status', 'startIndex', 'version'), [
    'anna@contoso.com',
    PROFILE_OID,
    'VALID',
    '0',
    '1.0',
  ]);
  const inTwoDays = new Date(NOW.getTime() + 2 * DAY);
  assert.equal(await backend.find!(REQUEST, never, inTwoDays), undefined);
  fake.mostRows = 1;
  const later = await certified(REQUEST.csr.der, { notBefore: inTwoDays, notAfter: new Date(NOW.getTime() + 9 * DAY) });
  fake.seats.get('anna@contoso.com')!.push(later);
  fake.standing.set(serialText(readCertificate(later).serialNumber), 'valid');
  assert.deepEqual((await backend.find!(REQUEST, never, inTwoDays))?.certificate, later);
  assert.deepEqual(textsOf(got.at(-1)!.body, 'startIndex'), ['1']);
  const renews = { serial: '1', certificate: later };
  assert.equal(await backend.find!({ ...REQUEST, renews }, never, inTwoDays), undefined);
});

test('a revocation names one serial number and never the seat, and again is a success', async (t) => {
  const { backend, fake, got } = await under(t);
  const order = { ...(await madeBy(backend)), reason: 'keyCompromise' } as const;
  await backend.revoke!(order, never);
  const { path, headers, body } = got.at(-1)!;
  assert.equal(path, '/pki-ws/certificateManagementService');
  assert.equal(
    headers['soapaction'],
    '"http://schemas.verisign.com/pkiservices/2009/07/management/updateCertificateStatus"',
  );
  assert.deepEqual(textsOf(body, 'version', 'revocationReason', 'certificateSerialNumber', 'operationType'), [
    '1.0',
    'KeyCompromise',
    order.serial,
    'Revoke',
  ]);
  assert.doesNotMatch(body, /seat/i);
  await backend.revoke!(order, never);
  assert.equal(fake.standing.get(order.serial), 'Revoke');
  const unknown = await fault(backend.revoke!({ ...order, serial: '4d' }, never));
  assert.match(unknown.adminText, /the revocation of 4d: 2B04: no such certificate/);
});

test('every reason of RFC 5280 is revoked or suspended, and a hold is taken back', async (t) => {
  const { backend, fake, got } = await under(t);
  const order = await madeBy(backend);
  const named: Record<RevocationReason, string[]> = {
    unspecified: ['Unspecified', 'Revoke'],
    keyCompromise: ['KeyCompromise', 'Revoke'],
    cACompromise: ['CACompromise', 'Revoke'],
    affiliationChanged: ['AffiliationChanged', 'Revoke'],
    superseded: ['Superseded', 'Revoke'],
    cessationOfOperation: ['CessationOfOperation', 'Revoke'],
    certificateHold: ['Suspend'],
    privilegeWithdrawn: ['PrivilegeWithdrawn', 'Revoke'],
    aACompromise: ['AACompromise', 'Revoke'],
  };
  for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
    fake.standing.set(order.serial, 'valid');
    await backend.revoke!({ ...order, reason }, never);
    assert.deepEqual(textsOf(got.at(-1)!.body, 'revocationReason', 'operationType'), named[reason]);
  }
  fake.standing.set(order.serial, 'Suspend');
  await backend.release!(order, never);
  assert.equal(fake.standing.get(order.serial), 'Resume');
});

test('a new RA certificate is used from the next call on', async (t) => {
  const { backend, got, renew } = await under(t);
  await backend.check!(never);
  await renew();
  await backend.check!(never);
  assert.deepEqual(
    got.map(({ client }) => client),
    ['first RA', 'second RA'],
  );
});
