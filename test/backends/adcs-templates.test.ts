/** The templates of AD CS, as a fake of its policy service shows them: what is said of the one that is configured, and what is not ordered. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { cesBackend } from '../../src/backends/adcs/ces-backend.ts';
import { byUsernameToken } from '../../src/backends/adcs/soap12.ts';
import { soapService } from '../../src/backends/adcs/soap12-service.ts';
import { templateWatch } from '../../src/backends/adcs/template-watch.ts';
import { XCEP_ACTION } from '../../src/backends/adcs/xcep-templates.ts';
import { backendClient } from '../../src/backends/backend-client.ts';
import { DEFAULT_PROFILE } from '../../src/ca/profile.ts';
import { IssuerError } from '../../src/core/errors.ts';
import { signedRequest } from '../../src/testing/signed-request.ts';
import { clock, DAY, issuing, random, root } from '../kit/pki.ts';
import { CEP_PATH, deviceTemplate, type FakeCep, fakeCep } from './fakes/fake-cep.ts';
import { ADCS_TEMPLATE, CES_PATH, fakeCes } from './fakes/fake-ces.ts';
import { ADCS_ACCOUNT, soapFault } from './fakes/fake-windows-soap.ts';
import { serveCa, testCa } from './https-ca.ts';

const own = await testCa();
const server = await own.issue('CN=localhost', ['dns:localhost']);
const never = new AbortController().signal;
const ALLOW = { kind: 'allow', notify: 'none', vouchesForNames: true, vouchesForPurposes: true } as const;
const REQUEST = await signedRequest({});
const certificate = issuing.certificate;

async function under(t: TestContext, validity = 30 * DAY) {
  const [ces, cep] = [fakeCes(), fakeCep()];
  const [cesAt, cepAt] = [await serveCa(t, server, ces.answer), await serveCa(t, server, cep.answer)];
  const to = (url: string) =>
    backendClient({ name: 'AD CS', url, ca: own.ca }, { clock, pause: async () => undefined });
  const authorize = byUsernameToken(ADCS_ACCOUNT, clock);
  const [url, policyUrl] = [cesAt.url + CES_PATH, cepAt.url + CEP_PATH];
  const [client, policy] = [to(url), to(policyUrl)];
  t.after(() => Promise.all([client.close(), policy.close()]));
  const shared = { authorize, random };
  const send = soapService({ ...shared, name: 'CEP', url: policyUrl, action: XCEP_ACTION, client: policy });
  const templates = templateWatch(send, { template: ADCS_TEMPLATE, url, certificate, validity });
  const place = { profile: { ...DEFAULT_PROFILE, validity }, certificate, chain: [root.certificate] };
  const settings = { url, template: ADCS_TEMPLATE, request: 'cmc', expirationDate: true } as const;
  const backend = cesBackend(settings, { ...shared, client, clock, place, templates });
  const service = (renewalOnly: boolean) => ({ url: url.replace('Example', 'EXAMPLE'), renewalOnly });
  return { ces, cep, got: cesAt.got, asked: cepAt.got, backend, service };
}

const SAYS = 'the service accepts the account, and the CA answers; the template OpenNDESDevice';
const ESC1 =
  'certifies any name for client authentication. That is what this server needs: see that nobody but its account has the right Enroll (ESC1)';

test('a template that fits is said to be one that its account alone may enrol for, and orders follow', async (t) => {
  const { backend, asked } = await under(t);
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.equal(asked.length, 1);
  assert.deepEqual(await backend.check!(never), { ok: true, detail: `${SAYS} ${ESC1}`, warnings: [] });
});

const other = { id: 1, certificate: root.certificate, enroll: true, services: [] };
type Service = (renewalOnly: boolean) => { url: string; renewalOnly: boolean };

/** What is said of a template, by what is wrong with it. */
const UNFIT: readonly [string, (cep: FakeCep, service: Service) => void, string][] = [
  [
    'that is not there',
    (cep) => (cep.templates = [deviceTemplate({ name: 'User' }), deviceTemplate({ name: 'Web &lt;&amp;' })]),
    'is not among those that the account sees: User, Web ??. Write its name and not its display name, publish it at the CA, and give the account Read and Enroll',
  ],
  [
    'where the account sees none',
    (cep) => (cep.templates = []),
    'is not among those that the account sees, which sees none: publish it at the CA, and give the account Read and Enroll',
  ],
  [
    'for which the account may not enrol',
    (cep) => (cep.templates = [deviceTemplate({ enroll: false })]),
    'does not let the account enrol: give it the right Enroll',
  ],
  [
    'that takes its names from the directory',
    (cep) => (cep.templates = [deviceTemplate({ subjectNameFlags: 0x8200_0000 })]),
    'takes its names from Active Directory: choose Supply in the request',
  ],
  [
    'that makes CAs',
    (cep) => (cep.templates = [deviceTemplate({ generalFlags: 0x80 })]),
    'makes certificates of CAs: choose one for devices',
  ],
  [
    'that demands a signature',
    (cep) => (cep.templates = [deviceTemplate({ rASignatures: 1 })]),
    'demands signatures of others: set `number of authorized signatures` to 0',
  ],
  [
    'that no CA issues',
    (cep) => (cep.templates = [deviceTemplate({ cas: [] })]),
    'is published at no CA: publish it at the CA that is configured',
  ],
  [
    'that another CA issues',
    (cep) => ((cep.templates = [deviceTemplate({ cas: [1] })]), cep.cas.push(other)),
    'is published at another CA only: publish it at the one that is configured',
  ],
  [
    'of a CA that refuses the account',
    ({ cas: [ca] }) => (ca!.enroll = false),
    'is at a CA that refuses the account: give it Request Certificates there',
  ],
  [
    'behind a service that takes renewals only',
    ({ cas: [ca] }, service) => ca!.services.push(service(true)),
    'is at a CA whose enrolment service takes renewals only: install another one, or set it up for all requests',
  ],
];
for (const [what, spoil, text] of UNFIT)
  test(`a template ${what} is told, nothing is ordered, and when it is mended devices get their certificates`, async (t) => {
    const { backend, cep, ces, service } = await under(t);
    spoil(cep, service);
    const detail = `AD CS: the template OpenNDESDevice ${text}`;
    assert.deepEqual(await backend.check!(never), { ok: false, detail });
    await assert.rejects(
      backend.issue(REQUEST, ALLOW, never),
      (error) =>
        error instanceof IssuerError && error.code === 'misconfigured' && error.retryable && error.adminText === detail,
    );
    assert.equal(ces.requests.size, 0);
    Object.assign(cep, { templates: [deviceTemplate()], cas: fakeCep().cas });
    assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  });

test('a template that is spoilt later stops orders from the next look on', async (t) => {
  const { backend, cep } = await under(t);
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  cep.templates = [];
  assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  assert.equal((await backend.check!(never)).ok, false);
  await assert.rejects(backend.issue(REQUEST, ALLOW, never), /which sees none/);
});

test('the CA is found by its enrolment service where its certificate is another one', async (t) => {
  const { backend, cep, service } = await under(t);
  cep.cas = [
    { ...other, services: [service(false)] },
    { ...other, id: 0 },
  ];
  assert.match((await backend.check!(never)).detail, /is published at another CA only/);
  cep.templates = [deviceTemplate({ cas: [0, 1] })];
  assert.equal((await backend.check!(never)).ok, true);
});

test('a template without client authentication, and one with signatures of others for other uses, are no ESC1', async (t) => {
  const { backend, cep } = await under(t);
  cep.templates = [
    deviceTemplate({ purposes: ['1.3.6.1.5.5.7.3.1'] }),
    deviceTemplate({ name: 'Signed', rASignatures: 1 }),
    deviceTemplate({ name: 'Web', purposes: ['1.3.6.1.5.5.7.3.1'] }),
    deviceTemplate({ name: 'Directory', subjectNameFlags: 0 }),
    deviceTemplate({ name: 'Foreign', enroll: false }),
  ];
  assert.deepEqual(await backend.check!(never), { ok: true, detail: `${SAYS} fits`, warnings: [] });
});

test('other templates that certify any name for the account are a warning, by name', async (t) => {
  const { backend, cep } = await under(t);
  cep.templates.push(
    deviceTemplate({ name: 'Any', purposes: ['2.5.29.37.0'] }),
    deviceTemplate({ name: 'None', purposes: undefined }),
    deviceTemplate({ name: 'Card', purposes: ['1.3.6.1.4.1.311.20.2.2'] }),
  );
  const { ok, warnings } = await backend.check!(never);
  assert.equal(ok, true);
  assert.deepEqual(warnings, [
    'The account may also enrol for Any, None, Card, with any name (ESC1): take the right Enroll there from it, and from everybody who does not need it.',
  ]);
});

test('a template that certifies for less time than the profile orders is a warning', async (t) => {
  const { backend } = await under(t, 400 * DAY);
  assert.deepEqual((await backend.check!(never)).warnings, [
    'The template OpenNDESDevice certifies for 365 days, and the profile orders 400: certificates that end earlier than ordered are refused. Lengthen the one or shorten the other.',
  ]);
});

test('a policy service that is down, or refuses the account, is a warning and prevents no order', async (t) => {
  for (const [answer, text] of [
    [
      { status: 500, body: soapFault('Receiver', 'down') },
      /^The templates could not be looked at. CEP \(localhost:\d+\), its templates: down$/,
    ],
    [{ status: 401, body: '', type: 'text/html' }, /its templates: HTTP 401/],
  ] as const) {
    const { backend, cep } = await under(t);
    cep.answers.push(answer, answer);
    const { ok, detail, warnings = [] } = await backend.check!(never);
    assert.deepEqual([ok, detail], [true, SAYS.replace(/the template .*/, 'its templates were not looked at')]);
    assert.match(warnings.join(), text);
    assert.equal((await backend.issue(REQUEST, ALLOW, never)).kind, 'issued');
  }
});

test('an address without a policy service is told, and devices wait', async (t) => {
  const { backend, cep, ces } = await under(t);
  cep.answers.push({ status: 302, body: '' });
  await assert.rejects(backend.issue(REQUEST, ALLOW, never), { code: 'misconfigured', retryable: true });
  assert.equal(ces.requests.size, 0);
});

test('what is no answer of the policy service is told', async (t) => {
  const { backend, cep } = await under(t);
  cep.answers.push({ status: 200, body: soapFault('Sender', '').replaceAll('Fault', 'Nothing') });
  assert.deepEqual(await backend.check!(never), {
    ok: false,
    detail: 'the policy service of AD CS: no answer of MS-XCEP',
  });
});
