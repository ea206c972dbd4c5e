/** AD CS as the issuer of an authority, through a fake of its Certificate Enrollment Web Service. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type CesServices, cesBackend } from '../../src/backends/adcs/ces-backend.ts';
import type { CesSettings } from '../../src/backends/adcs/ces-settings.ts';
import { cmcRequest } from '../../src/backends/adcs/cmc-request.ts';
import { byClientCertificate, byUsernameToken } from '../../src/backends/adcs/soap12.ts';
import { backendClient } from '../../src/backends/backend-client.ts';
import { elementsNamed, readXml } from '../../src/backends/strict-xml.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { certificateRecord } from '../../src/enroll/certificate-record.ts';
import { readCertificate } from '../../src/pkix/certificate.ts';
import { signedRequest } from '../../src/testing/signed-request.ts';
import { clock, DAY, issuing, random, root } from '../kit/pki.ts';
import { CHAIN } from './fakes/certified.ts';
import { ADCS_ACCOUNT, soapFault } from './fakes/fake-windows-soap.ts';
import { ADCS_TEMPLATE, CES_CERTIFICATE_PATH, CES_PATH, caFault, decide, fakeCes } from './fakes/fake-ces.ts';
import { readCmc } from './fakes/read-cmc.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const role = await own.issue('CN=openndes');
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none', vouchesForNames: true, vouchesForPurposes: true } as const;
const REQUEST = await signedRequest({});
const PLACE = {
  profile: { ...DEFAULT_PROFILE, validity: 30 * DAY },
  certificate: issuing.certificate,
  chain: [root.certificate],
};
const END = '2026-03-31T12:00:00.000Z';

type Different = Partial<CesSettings> & Partial<Pick<CesServices, 'authorize'>>;

async function under(t: TestContext, { authorize, ...different }: Different = {}) {
  const fake = fakeCes();
  const byCertificate = authorize === byClientCertificate;
  const { url, got } = await serveCa(t, server, fake.answer, byCertificate ? own.ca : undefined);
  const settings: CesSettings = {
    url: url + (byCertificate ? CES_CERTIFICATE_PATH : CES_PATH),
    template: ADCS_TEMPLATE,
    request: 'cmc',
    expirationDate: true,
    ...different,
  };
  const client = backendClient(
    { name: 'AD CS', url: settings.url, ca: own.ca, identity: byCertificate ? () => role : undefined },
    { clock, pause: async () => undefined },
  );
  t.after(client.close);
  const services = {
    client,
    authorize: authorize ?? byUsernameToken(ADCS_ACCOUNT, clock),
    clock,
    random,
    place: PLACE,
  };
  return { fake, got, backend: cesBackend(settings, services) };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    () => assert.fail('no error'),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

/** The binary token of a message, and its kind. */
function tokenIn(body: string): [string | undefined, Buffer] {
  const [token] = elementsNamed(readXml(body), 'BinarySecurityToken', [
    'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  ]);
  return [token!.attributes.get('ValueType'), Buffer.from(token!.text, 'base64')];
}

test('an order in CMC names the template and the end, and gets the certificate of the request', async (t) => {
  const { backend, fake, got } = await under(t);
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
  assert.deepEqual(issued.chain, CHAIN);
  assert.equal(issued.wantedEnd?.toISOString(), END);
  assert.equal(issued.reference, '61');
  assert.equal(got[0]!.headers['content-type'], 'application/soap+xml; charset=utf-8');
  assert.deepEqual(fake.requests.get('61')!.attributes, {
    CertificateTemplate: 'OpenNDESDevice',
    ExpirationDate: 'Tue, 31 Mar 2026 12:00:00 GMT',
  });
  assert.deepEqual(backend.capabilities, { sanFromCsr: true, pending: true, validityOverride: true });
});

test('the request of the device is the same octets, bare and in CMC', async (t) => {
  for (const [request, kind] of [
    ['pkcs10', 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10'],
    ['cmc', 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#PKCS7'],
  ] as const) {
    const { backend, got } = await under(t, { request });
    assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
    const [valueType, octets] = tokenIn(got[0]!.body);
    assert.equal(valueType, kind);
    const csr = request === 'cmc' ? readCmc(octets).csr : octets;
    assert.deepEqual(csr, Buffer.from(REQUEST.csr.der));
  }
});

test('a bare request has the name of the template beside it, and no end', async (t) => {
  const { backend, fake } = await under(t, { request: 'pkcs10', expirationDate: true });
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.equal(issued.wantedEnd, undefined);
  assert.deepEqual(fake.requests.get('61')!.attributes, { CertificateTemplate: 'OpenNDESDevice' });
  assert.deepEqual(backend.capabilities, { sanFromCsr: true, pending: true });
});

test('CMC without an end names the template alone', async (t) => {
  const { backend, fake } = await under(t, { expirationDate: false });
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.equal(issued.wantedEnd, undefined);
  assert.deepEqual(fake.requests.get('61')!.attributes, { CertificateTemplate: 'OpenNDESDevice' });
  assert.deepEqual(backend.capabilities, { sanFromCsr: true, pending: true });
});

test('the attribute SAN is never sent, in neither form', async (t) => {
  for (const request of ['pkcs10', 'cmc'] as const) {
    const { backend, fake, got } = await under(t, { request });
    await backend.issue(REQUEST, ALLOW, never);
    assert.deepEqual(
      Object.keys(fake.requests.get('61')!.attributes).filter((name) => name.toLowerCase() === 'san'),
      [],
    );
    assert.doesNotMatch(tokenIn(got[0]!.body)[1].toString('latin1') + got[0]!.body, /\bSAN\b|subjectaltname2/i);
  }
});

test('CMC has one request and one control, with different body part ids', () => {
  const { attributes, bodyParts } = readCmc(cmcRequest(REQUEST.csr.der, { CertificateTemplate: 'Über (2)' }));
  assert.deepEqual([attributes, bodyParts], [{ CertificateTemplate: 'Über (2)' }, [2, 1]]);
});

test('an attribute that would become two is refused', () => {
  for (const template of ['a&SAN=upn=admin@example.com', 'a=b', 'a%26b', 'a\nSAN:upn=b'])
    assert.throws(() => cmcRequest(REQUEST.csr.der, { CertificateTemplate: template }), {
      message: 'AD CS: CertificateTemplate has a character that separates attributes',
    });
});

test('a client certificate is the login in place of an account', async (t) => {
  const { backend, got } = await under(t, { authorize: byClientCertificate });
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.equal(got[0]!.client, 'openndes');
  assert.doesNotMatch(got[0]!.body, /Security>|Password/);
});

test('headers and secrets of another kind of login are part of each call', async (t) => {
  let number = 0;
  const authorize = async () => ({ headers: { authorization: `Negotiate ${++number}` }, secrets: ['hidden'] });
  const { backend, fake, got } = await under(t, { authorize });
  fake.answers.push(
    { status: 500, body: soapFault('Sender', 'hidden away') },
    { status: 500, body: caFault(0x8009_4002, true) },
  );
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.match(error.adminText, /an order: \[withheld\] away/);
  assert.equal((await backend.check!(never)).ok, true);
  assert.deepEqual(
    got.map(({ headers }) => headers['authorization']),
    ['Negotiate 1', 'Negotiate 2'],
  );
});

test('a request that waits is asked about by its number at the same address until a manager has decided', async (t) => {
  const { backend, fake, got } = await under(t);
  fake.waits = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  assert.match(pending.reference, /^61:[0-9a-f]{64}:adcs$/);
  assert.equal(pending.retryAfter, 300);
  assert.deepEqual(await backend.poll!(pending.reference, never), pending);
  const question = readXml(got.at(-1)!.body);
  assert.equal(
    elementsNamed(question, 'RequestType', ['http://docs.oasis-open.org/ws-sx/ws-trust/200512'])[0]!.text,
    'http://schemas.microsoft.com/windows/pki/2009/01/enrollment/QueryTokenStatus',
  );
  await decide(fake, 'issued');
  const [first, second] = [
    await backend.poll!(pending.reference, never),
    await backend.poll!(pending.reference, never),
  ];
  assert.ok(first.kind === 'issued');
  assert.deepEqual(readCertificate(first.certificate).spki, REQUEST.csr.spki);
  assert.deepEqual(second, first);
  assert.ok(got.every(({ path }) => path === CES_PATH));
});

test('a request that a manager denies is refused for good', async (t) => {
  const { backend, fake } = await under(t);
  fake.waits = true;
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  await decide(fake, 'denied');
  const error = await fault(backend.poll!(pending.reference, never));
  assert.deepEqual([error.code, error.retryable], ['rejected', false]);
  assert.match(
    error.adminText,
    /the request 61: CERTSRV_E_ADMIN_DENIED_REQUEST \(0x80094014\): an administrator of the CA has denied the request. The CA says: Denied by EXAMPLE/,
  );
});

test('a certificate in CMC alone is found by the key of the request', async (t) => {
  const { backend, fake } = await under(t);
  fake.cmcOnly = true;
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
});

/** HRESULT, whether InvalidRequest is true, and what becomes of the order. */
const HRESULTS: readonly [number, boolean, string, boolean, RegExp][] = [
  [0x8009_4800, true, 'misconfigured', false, /CERTSRV_E_UNSUPPORTED_CERT_TYPE \(0x80094800\): .*publish it there/],
  [0x8009_4012, true, 'unauthorised', false, /CERTSRV_E_TEMPLATE_DENIED \(0x80094012\): .*Read and Enroll/],
  [0x8009_4012, false, 'unauthorised', true, /CERTSRV_E_TEMPLATE_DENIED/],
  [0x8009_4014, true, 'rejected', false, /CERTSRV_E_ADMIN_DENIED_REQUEST \(0x80094014\)/],
  [0x8009_4011, false, 'unauthorised', true, /CERTSRV_E_ENROLL_DENIED .*Request Certificates/],
  [0x8009_4809, true, 'misconfigured', false, /number of authorized signatures` to 0/],
  [0x8009_200e, true, 'misconfigured', false, /`request: pkcs10`/],
  [0x8007_06ba, false, 'unavailable', true, /RPC_S_SERVER_UNAVAILABLE \(0x800706ba\)/],
  [0x8007_06be, false, 'unknown-outcome', true, /RPC_S_CALL_FAILED/],
  [0xdead_beef, true, 'rejected', false, /HRESULT \(0xdeadbeef\): the CA refuses the request/],
];
for (const [hresult, invalid, code, retryable, text] of HRESULTS)
  test(`0x${hresult.toString(16)} of a request that is ${invalid ? '' : 'not '}invalid is ${code}, ${retryable ? 'open' : 'final'}`, async (t) => {
    const { backend, fake } = await under(t);
    fake.answers.push({ status: 500, body: caFault(hresult, invalid) });
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.match(error.adminText, text);
    assert.match(error.adminText, /^AD CS \(localhost:\d+\), an order: /);
  });

const ANSWERS: readonly [string, { status: number; body: string; type?: string }, string, boolean, RegExp][] = [
  [
    'a detail without a code that is final',
    { status: 500, body: caFault(undefined, true) },
    'rejected',
    false,
    /Denied by Policy/,
  ],
  [
    'a detail without a code',
    { status: 500, body: caFault(undefined, false) },
    'unknown-outcome',
    true,
    /Denied by Policy/,
  ],
  [
    'an internal fault',
    { status: 500, body: soapFault('Receiver', 'internal error', 'InternalServiceFault') },
    'unknown-outcome',
    true,
    /internal error/,
  ],
  ['a fault of the sender', { status: 500, body: soapFault('Sender', 'bad') }, 'rejected', false, /an order: bad/],
  [
    'a login that failed',
    { status: 500, body: soapFault('Sender', 'no', 'FailedAuthentication') },
    'unauthorised',
    true,
    /Compare the account/,
  ],
  [
    'an action that is not supported',
    { status: 500, body: soapFault('Sender', 'no', 'ActionNotSupported') },
    'misconfigured',
    true,
    /Write the URL exactly/,
  ],
  ['401', { status: 401, body: '', type: 'text/html' }, 'unauthorised', true, /another kind of login/],
  ['403', { status: 403, body: '', type: 'text/html' }, 'unauthorised', true, /client certificate/],
  ['404', { status: 404, body: '', type: 'text/html' }, 'misconfigured', true, /There is no service at this URL/],
  ['415', { status: 415, body: '', type: 'text/html' }, 'misconfigured', true, /does not speak SOAP 1.2/],
  [
    'HTML',
    { status: 200, body: '<html/>', type: 'text/html' },
    'misconfigured',
    false,
    /text\/html in place of application\/soap\+xml/,
  ],
  ['XML that is no SOAP', { status: 200, body: '<a/>' }, 'unknown-outcome', true, /without SOAP 1.2/],
  [
    'SOAP 1.1',
    {
      status: 200,
      body: soapFault('Sender', '').replaceAll(
        'http://www.w3.org/2003/05/soap-envelope',
        'http://schemas.xmlsoap.org/soap/envelope/',
      ),
    },
    'unknown-outcome',
    true,
    /without SOAP 1.2/,
  ],
  ['a document type', { status: 200, body: '<!DOCTYPE a><a/>' }, 'unknown-outcome', true, /a document type/],
  [
    'SOAP without an answer',
    { status: 200, body: soapFault('Sender', '').replaceAll('Fault', 'Nothing') },
    'unknown-outcome',
    true,
    /no answer of WS-Trust/,
  ],
];
for (const [what, answer, code, retryable, text] of ANSWERS)
  test(`an order that is answered with ${what} is ${code}`, async (t) => {
    const { backend, fake } = await under(t);
    fake.answers.push(answer);
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], [code, retryable]);
    assert.match(error.adminText, text);
  });

test('a wrong password and a clock that is six minutes off are no refusals of requests', async (t) => {
  const late = () => new Date(clock().getTime() + 360_000);
  for (const authorize of [
    byUsernameToken({ ...ADCS_ACCOUNT, password: 'other' }, clock),
    byUsernameToken(ADCS_ACCOUNT, late),
  ]) {
    const { backend } = await under(t, { authorize });
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['unauthorised', true]);
    assert.match(error.adminText, /and the clocks of both servers/);
    assert.doesNotMatch(error.adminText, /other/);
  }
});

test('a CA that ignores the ordered end is noticed where its certificate is recorded', async (t) => {
  const { backend, fake } = await under(t);
  fake.heedsEnd = false;
  const issued = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(issued.kind === 'issued');
  assert.throws(
    () => certificateRecord(issued, { request: REQUEST, endpoint: { issuer: backend, chain: CHAIN } }, clock()),
    /the issuer certified until 2026-05-30T12:00:00.000Z, not 2026-03-31T12:00:00.000Z as ordered/,
  );
});

test('a revocation is owed, and the error says where it is done', async (t) => {
  const { backend, got } = await under(t);
  const order = { serial: '4d0a', issuer: 'CN=Test Issuing', certificate: issuing.certificate, at: clock() };
  const error = await fault(backend.revoke!({ ...order, reason: 'keyCompromise' }, never));
  assert.deepEqual([error.code, got.length], ['misconfigured', 0]);
  assert.match(error.adminText, /the revocation of 4d0a is owed: .*`certutil -revoke 4d0a REASON`/);
});

test('its standing is asked for with a request that does not exist, and nothing is ordered', async (t) => {
  const { backend, fake, got } = await under(t);
  assert.deepEqual(await backend.check!(never), {
    ok: true,
    detail: 'the service accepts the account, and the CA answers',
  });
  assert.equal(fake.requests.size, 0);
  assert.match(got[0]!.body, />2147483647<\/RequestID>/);
  fake.answers.push({ status: 500, body: caFault(0x8007_06ba, false) });
  const down = await backend.check!(never);
  assert.equal(down.ok, false);
  assert.match(down.detail, /a question: RPC_S_SERVER_UNAVAILABLE .*does the CA run/);
  for (const answer of [
    { status: 401, body: '', type: 'text/html' },
    { status: 200, body: '<!DOCTYPE a><a/>' },
  ]) {
    fake.answers.push(answer);
    assert.equal((await backend.check!(never)).ok, false);
  }
});
