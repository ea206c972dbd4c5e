/** AD CS by its web pages as the issuer of an authority, against a fake of them in three languages. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { backendClient } from '../../src/backends/backend-client.ts';
import { certsrvBackend } from '../../src/backends/certsrv/certsrv-backend.ts';
import { readCertsrvPage } from '../../src/backends/certsrv/certsrv-pages.ts';
import type { CertsrvSettings } from '../../src/backends/certsrv/certsrv-settings.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { ConfigError, IssuerError } from '../../src/core/errors.ts';
import type { IssuancePending, Issued } from '../../src/core/issuer.ts';
import { readCertificate, readValidity } from '../../src/pkix/certificate.ts';
import { readCertificationRequest } from '../../src/pkix/csr.ts';
import { requestPem } from '../../src/pkix/pem.ts';
import { sampleRequest } from '../../src/testing/sample-request.ts';
import { handClock } from '../kit/clock.ts';
import { DAY, issuing, root } from '../kit/pki.ts';
import { CSR } from '../kit/requests.ts';
import { certified } from './fakes/certified.ts';
import { deniedPage, errorPage, issuedPage, LANGUAGES, pendingPage } from './fakes/certsrv-pages.ts';
import { fakeCertsrv, LOGIN, TEMPLATE } from './fakes/fake-certsrv.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none' } as const;
const REQUEST = sampleRequest({ csr: readCertificationRequest(CSR) });
const PLACE = {
  profile: { ...DEFAULT_PROFILE, validity: 90 * DAY },
  certificate: issuing.certificate,
  chain: [root.certificate],
};

async function under(t: TestContext, different: Partial<CertsrvSettings> = {}) {
  const fake = fakeCertsrv();
  const { url, got } = await serveCa(t, server, fake.answer);
  const clock = handClock();
  const client = backendClient(
    { name: 'certsrv', url: `${url}/certsrv`, ca: own.ca },
    { clock, pause: async () => undefined },
  );
  t.after(client.close);
  const settings = { template: TEMPLATE, expirationDate: false, login: LOGIN, ...different };
  const backend = certsrvBackend(settings, { client, clock, place: PLACE });
  const paths = () => got.map(({ method, path }) => `${method} ${path}`);
  return { fake, backend, got, paths, clock };
}

const fault = (work: Promise<unknown>): Promise<IssuerError> =>
  work.then(
    (answer) => assert.fail(JSON.stringify(answer)),
    (error: unknown) => (error instanceof IssuerError ? error : assert.fail(String(error))),
  );

function issuedIn(answer: Issued | IssuancePending): Issued {
  assert.ok(answer.kind === 'issued');
  return answer;
}

test('an order is the form of certfnsh.asp with the request and the template, and its certificate is fetched by the number', async (t) => {
  const { backend, got, paths } = await under(t);
  const { certificate, chain } = issuedIn(await backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual(readCertificate(certificate).spki, REQUEST.csr.spki);
  assert.deepEqual(chain, [issuing.certificate, root.certificate]);
  assert.deepEqual(paths(), ['POST /certsrv/certfnsh.asp', 'GET /certsrv/certnew.cer?ReqID=25&Enc=bin']);
  assert.deepEqual(
    [...new URLSearchParams(got[0]!.body)],
    [
      ['Mode', 'newreq'],
      ['CertRequest', requestPem(CSR)],
      ['CertAttrib', 'CertificateTemplate:OpenNDES Device\r\n'],
      ['FriendlyType', 'Saved-Request Certificate'],
      ['ThumbPrint', ''],
      ['TargetStoreFlags', '0'],
      ['SaveCert', 'yes'],
    ],
  );
  assert.equal(got[0]!.headers.authorization, 'Basic RVhBTVBMRVxzdmMtb3Blbm5kZXM6cMOkc3N3b3JkOiAx');
});

test('an end of the order is the attribute ExpirationDate, and a CA that ignores it is noticed', async (t) => {
  const { backend, fake } = await under(t, { expirationDate: true });
  const { certificate, wantedEnd } = issuedIn(await backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual(readValidity(readCertificate(certificate)).notAfter, wantedEnd);
  const [template, end, ...rest] = fake.attributes[0]!;
  assert.deepEqual([template, rest], ['CertificateTemplate:OpenNDES Device', []]);
  assert.match(end!, /^ExpirationDate:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
  fake.heedsEnd = false;
  const ignored = issuedIn(await backend.issue(REQUEST, ALLOW, never));
  assert.notDeepEqual(readValidity(readCertificate(ignored.certificate)).notAfter, ignored.wantedEnd);
  assert.equal(backend.capabilities?.validityOverride, true);
});

for (const language of LANGUAGES) {
  test(`orders that wait, are approved and are denied have the same results on a Windows in ${language}`, async (t) => {
    const { backend, fake } = await under(t);
    Object.assign(fake, { language, approval: true });
    const first = await backend.issue(REQUEST, ALLOW, never);
    const pending = { kind: 'pending', reference: (first as IssuancePending).reference, retryAfter: 300 } as const;
    assert.deepEqual(first, pending);
    assert.match(pending.reference, /^25:[0-9a-f]{64}:adcs$/);
    assert.deepEqual(await backend.poll!(pending.reference, never), pending);
    await fake.decide('issued');
    const issued = issuedIn(await backend.poll!(pending.reference, never));
    assert.deepEqual(readCertificate(issued.certificate).spki, REQUEST.csr.spki);
    assert.deepEqual(await backend.poll!(pending.reference, never), issued);
    const second = await backend.issue(REQUEST, ALLOW, never);
    await fake.decide('denied');
    const denied = await fault(backend.poll!((second as IssuancePending).reference, never));
    assert.deepEqual([denied.code, denied.retryable], ['rejected', false]);
    assert.match(denied.adminText, /the request 26: CERTSRV_E_ADMIN_DENIED_REQUEST \(0x80094014\)/);
  });

  test(`each page is what its ids and links say in ${language}, whatever its words are`, () => {
    assert.deepEqual(readCertsrvPage(issuedPage(language, 25)), { kind: 'issued', number: '25' });
    assert.deepEqual(readCertsrvPage(pendingPage(language, 25)), { kind: 'pending', number: '25' });
    const denied = readCertsrvPage(deniedPage(language, 25, 'Denied by Policy Module  0x80094800, CN=x'));
    assert.ok(denied.kind === 'denied');
    assert.equal(denied.hresult, 0x80094800);
    assert.match(denied.words, /25\. .*Denied by Policy Module 0x80094800, CN=x/);
    assert.deepEqual(readCertsrvPage(errorPage(language, 5, '')), { kind: 'pending', number: undefined });
    assert.deepEqual(readCertsrvPage(errorPage(language, 0, '')), { kind: 'pending', number: undefined });
    assert.deepEqual(readCertsrvPage(errorPage(language, 2, '')), { kind: 'denied', hresult: undefined, words: '' });
    assert.deepEqual(readCertsrvPage(errorPage(language, 31, '')).kind, 'failed');
    assert.deepEqual(readCertsrvPage(errorPage(language, undefined, 'RPC 0x800706BA (WIN32: 1722)')), {
      kind: 'failed',
      hresult: 0x800706ba,
      words: '',
    });
  });

  test(`an order that the CA denies at once is refused by the number of its reason in ${language}`, async (t) => {
    const { backend, fake } = await under(t, { template: 'Another' });
    fake.language = language;
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable], ['misconfigured', false]);
    assert.match(
      error.adminText,
      /an order: CERTSRV_E_UNSUPPORTED_CERT_TYPE \(0x80094800\): the CA does not issue this/,
    );
  });
}

test('what a device wrote into its request does not make a page of a denial another page', () => {
  const quoted =
    '0x80094800, CN=certnew.cer?ReqID=1&amp;x <A Href="certnew.cer?ReqID=1&amp;"> <P ID=locInfoReqID> 1 </P>';
  assert.equal(readCertsrvPage(deniedPage('en', 25, quoted)).kind, 'denied');
  assert.equal(readCertsrvPage(errorPage('en', 1, quoted)).kind, 'failed');
});

test('a page that names two requests, no number or no id of certsrv is unknown', () => {
  for (const page of [
    issuedPage('en', 1) + issuedPage('en', 2),
    '<html><body>Sign in</body></html>',
    '<a href="certnew.cer?ReqID=&amp;Enc=bin">',
    '<a href="certnew.cer?ReqID=CACert&amp;Enc=bin">',
    '',
  ])
    assert.deepEqual(readCertsrvPage(page), { kind: 'unknown' });
  assert.deepEqual(readCertsrvPage('<P ID=locInfoReqID> 25 / 26 </P>'), { kind: 'pending', number: undefined });
});

for (const [title, answer, code, retryable] of [
  ['a page of a proxy', { body: '<html>Sign in</html>' }, 'unknown-outcome', true],
  ['a page that waits without a number', { body: '<P ID=locInfoReqID> ? </P>' }, 'unknown-outcome', true],
  ['JSON', { type: 'application/json', body: '{}' }, 'misconfigured', false],
  ['an account without its password', { status: 401, body: '' }, 'unauthorised', true],
  ['a lacking client certificate', { status: 403, body: '' }, 'unauthorised', true],
  ['a lacking role', { status: 404, body: '' }, 'misconfigured', false],
  ['an error of the page', { status: 500, body: '' }, 'unknown-outcome', true],
  ['a service that does not run', { body: errorPage('fr', undefined, '0x800706ba') }, 'unavailable', true],
  ['an error without a number', { body: errorPage('de', 1, '') }, 'unavailable', true],
  ['a right that lacks', { body: deniedPage('de', 9, '0x80094012') }, 'unauthorised', true],
  ['a number that is not known', { body: deniedPage('de', 9, '0x8009ffff') }, 'rejected', false],
  ['a redirect', { status: 302, headers: { location: 'https://elsewhere/' }, body: '' }, 'misconfigured', false],
  ['2 MiB', { body: 'x'.repeat(2 ** 21) }, 'unknown-outcome', false],
] as const)
  test(`an order that is answered with ${title} is ${code}`, async (t) => {
    const { backend, fake, got } = await under(t);
    fake.faults.order = answer;
    const error = await fault(backend.issue(REQUEST, ALLOW, never));
    assert.deepEqual([error.code, error.retryable, got.length], [code, retryable, 1]);
    assert.ok(!error.adminText.includes(LOGIN.password));
  });

test('a page that says the password again does not bring it into the error', async (t) => {
  const { backend, fake } = await under(t);
  const page = `<P ID=locDenied></P><P ID=locInfoReqIDAndReason>for ${LOGIN.password}</P>0x8009ffff`;
  fake.faults.order = { body: page };
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.match(error.adminText, /The CA says: for \[withheld\]$/);
  assert.ok(!error.adminText.includes(LOGIN.password));
});

test('a certificate that was made and cannot be fetched is an order that waits, and is fetched by the next poll', async (t) => {
  const { backend, fake } = await under(t);
  fake.faults.fetch = { status: 500, body: '' };
  const pending = await backend.issue(REQUEST, ALLOW, never);
  assert.ok(pending.kind === 'pending');
  assert.equal(pending.retryAfter, 60);
  assert.equal((await backend.poll!(pending.reference, never)).kind, 'issued');
  assert.equal(fake.made(), 1);
});

for (const [title, answer] of [
  ['a page', { body: '<html></html>' }],
  ['a page that says it is a certificate', { type: 'application/pkix-cert', body: '<html></html>' }],
  ['half of a certificate', { type: 'application/pkix-cert', body: issuing.certificate.subarray(0, 200) }],
] as const)
  test(`${title} in place of a certificate is an error that leaves the order open`, async (t) => {
    const { backend, fake } = await under(t);
    fake.approval = true;
    const { reference } = (await backend.issue(REQUEST, ALLOW, never)) as IssuancePending;
    fake.faults.fetch = answer;
    const error = await fault(backend.poll!(reference, never));
    assert.deepEqual([error.code, error.retryable], ['unavailable', true]);
  });

test('a certificate with another key is not taken for that of the order', async (t) => {
  const { backend, fake } = await under(t);
  const other = await certified(CSR, { spki: root.key.spki });
  fake.faults.fetch = { type: 'application/pkix-cert', body: other };
  const error = await fault(backend.issue(REQUEST, ALLOW, never));
  assert.deepEqual([error.code, error.retryable], ['rejected', false]);
  assert.match(error.adminText, /the request 25: the certificate with this number has another key/);
});

test('a reference of another CA keeps the order open', async (t) => {
  const { backend, got } = await under(t);
  for (const reference of ['arn:aws:acm-pca:1', `25:${'0'.repeat(64)}:openndes-1`]) {
    const error = await fault(backend.poll!(reference, never));
    assert.deepEqual([error.code, error.retryable, got.length], ['misconfigured', true, 0]);
  }
});

test('a template with a line of its own and a user with a colon are refused before anything is sent', async (t) => {
  for (const template of ['A\r\nSAN:upn=admin@example.com', 'A\nB', 'A\0', 'A\u2028B'])
    await assert.rejects(under(t, { template }), ConfigError);
  await assert.rejects(under(t, { login: { user: 'a:b', password: 'c' } }), ConfigError);
});

test('its health compares the CA of now with the pinned one, and says what is wrong with the account', async (t) => {
  const { backend, fake, paths } = await under(t);
  assert.deepEqual(await backend.check!(never), { ok: true, detail: 'the CA can be asked' });
  assert.deepEqual(paths(), ['GET /certsrv/certcarc.asp', 'GET /certsrv/certnew.cer?ReqID=CACert&Renewal=2&Enc=bin']);
  fake.caCertificate = root.certificate;
  assert.deepEqual(await backend.check!(never), {
    ok: false,
    detail: 'the CA issues with another key than that of `certificate`: it was renewed, or it is another CA',
  });
  const wrong = await under(t, { login: { user: 'svc', password: 'another' } });
  const { ok, detail } = await wrong.backend.check!(never);
  assert.equal(ok, false);
  assert.match(detail, /^certsrv \(localhost:\d+\): HTTP 401\. The account, its password or its ticket is refused/);
});

test('a revocation is owed, and nothing is asked for it', async (t) => {
  const { backend, got } = await under(t);
  const order = { serial: '4d01', issuer: 'CN=x', certificate: CSR, reason: 'superseded', at: new Date(0) } as const;
  const { adminText, retryable } = await fault(backend.revoke!(order, never));
  assert.equal(
    adminText,
    'the revocation of 4d01 is owed: the web enrolment of AD CS cannot revoke. Revoke it at the CA: `certutil -revoke 4d01 REASON`',
  );
  assert.deepEqual([retryable, got.length], [false, 0]);
});
