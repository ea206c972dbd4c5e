/** The pages of authorities, tenants and endpoints, over a started server. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { RoleGrant } from '../../src/core/access.ts';
import { writeCertificationRequest } from '../../src/pkix/csr.ts';
import { nameFromText } from '../../src/pkix/name.ts';
import { requestPem } from '../../src/pkix/pem.ts';
import { runningDesk } from '../actions/running-desk.ts';
import { rsaKey } from '../kit/keys.ts';
import { issuing, issuingSection, ra, root, secondSection } from '../wiring/files.ts';
import { tenantNamed } from '../wiring/tenant.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

const corp = await tenantNamed('server-pages');
const running = await runningDesk({
  authorities: { issuing: issuingSection },
  profiles: { device: {} },
  tenants: { corp: corp.section },
  endpoints: [
    { path: '/wifi', name: 'wifi', profile: 'device', policy: { static: 'canary-of-the-pages' } },
    { path: '/corp', name: 'corp', profile: 'device', policy: { intune: 'corp' } },
  ],
});
const desk = running.desk();
const as = (grant: RoleGrant) => ({ desk, signedIn: session(grant) });
const fingerprint = ({ certificate }: { certificate: Uint8Array }) => new X509Certificate(certificate).fingerprint;

test('the page of authorities shows chain, RA and list with thumbprints, and downloads a certificate', async (t) => {
  const { get } = await pagesUnderTest(t, as({ role: 'viewer' }));
  const { statusCode, body } = await get('/admin/authorities');
  assert.equal(statusCode, 200);
  for (const each of [issuing, root, ra])
    assert.ok(body.includes(`data-copy>${fingerprint(each).replaceAll(':', '')}</code>`));
  assert.ok(body.includes(`data-copy>${fingerprint(root)}</code>`), 'as Android writes it');
  assert.match(body, /CN&#61;Wiring Issuing/);
  assert.match(body, /<code>\/crl\/issuing\.crl<\/code>/);
  const links = [...body.matchAll(/href="(\/admin\/authorities\?[^"]+)"/g)].map(([, url = '']) =>
    url.replaceAll('&#38;', '&').replaceAll('&#61;', '='),
  );
  assert.equal(links.length, 4);
  const der = await get(links.find((each) => each.includes('form=der')) ?? '');
  assert.equal(der.headers['content-type'], 'application/pkix-cert');
  assert.equal(der.headers['content-disposition'], 'attachment; filename="issuing-issuing-ca.cer"');
  assert.equal(new X509Certificate(der.rawPayload).fingerprint, fingerprint(issuing));
  const pem = await get(links.findLast((each) => each.includes('form=pem')) ?? '');
  assert.equal(new X509Certificate(pem.body).fingerprint, fingerprint(root));
});

test('the page of tenants shows state, credential, permissions and calls, and no secret', async (t) => {
  const { status } = await corp.enrolled(running.url('/corp'));
  assert.equal(status, 'issued');
  const { get } = await pagesUnderTest(t, as({ role: 'viewer' }));
  const { body } = await get('/admin/tenants');
  assert.match(body, /can be used/);
  assert.match(body, /scep_challenge_provider/);
  assert.match(body, /validateRequest[\s\S]+Success/);
  assert.match(body, /closed<\/span> calls are made/);
  const { clientSecret = '' } = corp.section as { clientSecret?: string };
  assert.ok(clientSecret.length > 8 && !body.includes(clientSecret));
});

for (const [role, settings, testing] of [
  ['viewer', false, false],
  ['operator', false, true],
  ['auditor', true, false],
  ['admin', true, true],
] as const)
  test(`a role ${role} ${settings ? 'reads' : 'does not read'} the configuration and ${testing ? 'tests' : 'does not test'} requests`, async (t) => {
    const { get, post } = await pagesUnderTest(t, as({ role }));
    const { body } = await get('/admin/endpoints?settings=wifi');
    assert.match(body, /http|\/wifi/);
    assert.equal(body.includes('id="settings"'), settings);
    assert.equal(/policy\.static<\/code><\/th>\s*<td[^>]*>\*{8}<\/td>/.test(body), settings);
    assert.equal(body.includes('action="/admin/endpoints/test"'), testing);
    assert.ok(!body.includes('canary-of-the-pages'));
    const tested = await post('/admin/endpoints/test', { request: await pem(), endpoint: 'wifi' });
    assert.equal(tested.statusCode, testing ? 200 : 403);
  });

const pem = async (subject = 'CN=device-1'): Promise<string> =>
  requestPem(
    await writeCertificationRequest(
      { subject: nameFromText(subject), challenge: 'canary-of-the-device', extensions: [] },
      rsaKey('server pages'),
    ),
  );

test('a tested request is shown with its verdict, its checks and the certificate, and names become no markup', async (t) => {
  const { post } = await pagesUnderTest(t, as({ role: 'operator' }));
  const request = await pem('CN=\\<script\\>alert(1)\\</script\\>');
  const { statusCode, body } = await post('/admin/endpoints/test', { request, endpoint: 'wifi' });
  assert.equal(statusCode, 200);
  assert.match(body, /A certificate is issued if the policy allows it/);
  assert.match(body, /present, 20 characters \(not shown\)/);
  assert.match(body, /digitalSignature, keyEncipherment/);
  assert.doesNotMatch(body, /<script>|canary-of-the-device/);
  assert.match(body, /alert\(1\)/);
});

test('a file that is uploaded is tested, as PEM and as DER', async (t) => {
  const { app } = await pagesUnderTest(t, as({ role: 'operator' }));
  const text = await pem();
  const der = Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  for (const content of [text, der]) {
    const form = new FormData();
    form.set('formToken', 'the-token-of-this-session');
    form.set('file', new Blob([content]), 'device.csr');
    const sent = new Request('http://page/', { method: 'POST', body: form });
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/admin/endpoints/test',
      headers: { 'content-type': sent.headers.get('content-type') ?? '', 'sec-fetch-site': 'same-origin' },
      payload: Buffer.from(await sent.arrayBuffer()),
    });
    assert.equal(statusCode, 200);
    assert.match(body, /CN&#61;device-1/);
  }
});

test('what is no request is refused with what to give', async (t) => {
  const { post } = await pagesUnderTest(t, as({ role: 'operator' }));
  const { statusCode, body } = await post('/admin/endpoints/test', { request: 'nothing' });
  assert.equal(statusCode, 400);
  assert.match(body, /Give a PKCS#10 request|Give a PKCS&#35;10 request/);
});

test('with an authority that could not be loaded its page and the overview say why', async (t) => {
  const part = await runningDesk({
    authorities: { issuing: issuingSection, broken: { ...secondSection, certificate: '/none/ca.pem' } },
    profiles: { device: {} },
    endpoints: ['issuing', 'broken'].map((authority) => ({
      path: `/${authority}`,
      authority,
      profile: 'device',
      policy: { static: 'a-challenge-of-the-page' },
    })),
  });
  const { get } = await pagesUnderTest(t, { desk: part.desk(), signedIn: session({ role: 'viewer' }) });
  for (const path of ['/admin/', '/admin/authorities', '/admin/endpoints']) {
    const { statusCode, body } = await get(path);
    assert.equal(statusCode, 200, path);
    assert.match(body, /\/none\/ca\.pem: there is no such file/, path);
  }
  const [overview, authorities] = [await get('/admin/'), await get('/admin/authorities')];
  assert.match(overview.body, /href="\/admin\/authorities#of-broken"/);
  assert.match(authorities.body, /id="of-broken"/);
});

test('a tenant that cannot be used has its cause and its remedy, each once', async (t) => {
  corp.simulator.fault({ hop: 'validateRequest', fault: { status: 403 } });
  t.after(() => corp.simulator.clearFaults());
  assert.equal((await corp.enrolled(running.url('/corp'))).status, 'pending');
  const { get } = await pagesUnderTest(t, as({ role: 'viewer' }));
  const { body } = await get('/admin/tenants');
  assert.match(body, /cannot be used/);
  const [, remedy = ''] = /What to do: ([^<]+)<\/p>/.exec(body) ?? [];
  assert.match(remedy, /^Grant /);
  assert.equal(body.split(remedy).length, 2);
  const overview = await get('/admin/');
  assert.match(overview.body, /class="notice attention"[\s\S]+Something below does not work\./);
  assert.doesNotMatch(overview.body, /All clear/);
});
