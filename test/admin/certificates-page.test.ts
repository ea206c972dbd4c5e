/** The pages of certificates: search, details, revocation of one and of many, for each role. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { RoleGrant } from '../../src/core/access.ts';
import { issuanceFor } from '../../src/testing/store-samples.ts';
import { deskWithCertificates, OTHER_ISSUER } from '../actions/certificates-under-test.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

async function opened(t: TestContext, ...grants: RoleGrant[]) {
  const desk = await deskWithCertificates();
  const [one] = await desk.store.findCertificatesBySerial('1001');
  const named = { issuer: one!.issuerId, serial: '1001' };
  const page = `/admin/certificate?${new URLSearchParams(named).toString()}`;
  return { ...(await pagesUnderTest(t, { desk, signedIn: session(...grants) })), on: desk, named, page };
}

/** What a browser reads in the attributes and texts. */
const plain = (body: string): string =>
  body.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

const subjectsIn = (body: string): string[] =>
  [...plain(body).matchAll(/serial=\w+">(CN=device-\d)</g)].map(([, name = '']) => name);
const digestIn = (body: string): string => /name="digest" value="(\w+)"/.exec(body)?.[1] ?? '';

test('the list is searched, has counts by state, and leads to each certificate', async (t) => {
  const { get } = await opened(t, { role: 'viewer' });
  const all = await get('/admin/certificates');
  assert.deepEqual(subjectsIn(all.body), ['CN=device-4', 'CN=device-3', 'CN=device-2', 'CN=device-1']);
  assert.match(
    plain(all.body),
    /<a class="figure" href="\/admin\/certificates\?state=delivered"><span class="count">4<\/span> <span class="words">valid<\/span>/,
  );
  const some = await get('/admin/certificates?q=device-2&endpoint=%2Fb');
  assert.deepEqual(subjectsIn(some.body), ['CN=device-2']);
  assert.match(some.body, /name="q"[^>]* value="device-2"/);
  assert.deepEqual(subjectsIn((await get('/admin/certificates?state=revoked')).body), []);
  const wrong = await get('/admin/certificates?expiresWithin=soon');
  assert.equal(wrong.statusCode, 400);
  assert.match(wrong.body, /ExpiresWithin: /);
});

test('a viewer of one endpoint sees only its certificates, and reads no other one', async (t) => {
  const { get, page } = await opened(t, { role: 'viewer', endpoints: ['/b'] });
  const { body } = await get('/admin/certificates');
  assert.deepEqual(subjectsIn(body), ['CN=device-4', 'CN=device-2']);
  assert.match(body, /<span class="count">2<\/span> <span class="words">valid/);
  assert.equal((await get(page)).statusCode, 404);
});

test('the list is a file, as CSV and as JSON lines, of what the viewer may see', async (t) => {
  const { get } = await opened(t, { role: 'viewer', endpoints: ['/b'] });
  const csv = await get('/admin/certificates?export=csv&q=device-');
  assert.equal(csv.headers['content-type'], 'text/csv; charset=utf-8');
  assert.equal(csv.headers['content-disposition'], 'attachment; filename="certificates.csv"');
  assert.equal(csv.body.split('\r\n').length, 4);
  assert.match(csv.body, /^serial,state,subject.*\r\n1004,delivered,CN=device-4,/);
  const json = await get('/admin/certificates?export=json');
  assert.deepEqual(
    json.body
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { serial: string }).serial),
    ['1004', '1002'],
  );
});

test('one certificate is shown with its content and its history; a viewer and an auditor get no form', async (t) => {
  const { get, page, current } = await opened(t, { role: 'viewer' });
  for (const role of ['viewer', 'auditor'] as const) {
    current.session = session({ role });
    const { statusCode, body } = await get(page);
    assert.equal(statusCode, 200);
    for (const expected of [
      'CN&#61;device-1',
      'digitalSignature',
      '<td role="cell" data-head="What">issued',
      'no list was served yet',
    ])
      assert.ok(
        body.includes(expected) || body.includes(expected.replace('<td role="cell" data-head="What">', '')),
        expected,
      );
    assert.doesNotMatch(body, /action="\/admin\/certificate/);
  }
});

test('a certificate is found by its serial number alone, and its page leads to the requests of its device', async (t) => {
  const { get } = await opened(t, { role: 'viewer' });
  const { statusCode, body } = await get('/admin/certificate?serial=1001');
  assert.equal(statusCode, 200);
  assert.match(plain(body), /CN=device-1/);
  assert.match(plain(body), /href="\/admin\/devices\?query=1001">What the device asked</);
  for (const serial of ['10', '9999', 'x'])
    assert.match(
      plain((await get(`/admin/certificate?serial=${serial}`)).body),
      new RegExp(`href="/admin/certificates\\?q=${serial}"`),
    );
});

test('a serial number of several issuers, or of an endpoint that may not be seen, leads to the list', async (t) => {
  const { get, on, current } = await opened(t, { role: 'viewer', endpoints: ['/b'] });
  const list = /<p>[^<]*<a href="\/admin\/certificates\?q=1001"/;
  assert.match(plain((await get('/admin/certificate?serial=1001')).body), list);
  const { certificate, ...issuance } = issuanceFor(9);
  await on.store.recordIssued({ ...issuance, certificate: { ...certificate, serial: '1001', issuerId: OTHER_ISSUER } });
  current.session = session({ role: 'viewer' });
  assert.match(plain((await get('/admin/certificate?serial=1001')).body), list);
});

test('an operator holds, releases and revokes a certificate, and the next page says so', async (t) => {
  const { get, post, page, named, on } = await opened(t, { role: 'operator' });
  const held = await post('/admin/certificate/hold', { ...named, why: 'lost' });
  assert.equal(held.statusCode, 303);
  const shown = await get(String(held.headers.location));
  assert.match(shown.body, /It is on hold: revoked until it is released\./);
  assert.match(shown.body, /action="\/admin\/certificate\/release"/);
  assert.equal((await post('/admin/certificate/release', named)).statusCode, 303);
  assert.match((await get(page)).body, /action="\/admin\/certificate\/hold"/);
  const revoked = await post('/admin/certificate/revoke', {
    ...named,
    reason: 'keyCompromise',
    block: 'yes',
    why: 'stolen',
  });
  assert.equal(revoked.statusCode, 303);
  const { body } = await get(page);
  assert.match(body, /keyCompromise/);
  assert.doesNotMatch(body, /action="\/admin\/certificate\/(revoke|hold|release)"/);
  assert.equal((await on.store.listBlocks()).length, 3);
  const again = await post('/admin/certificate/revoke', { ...named, reason: 'keyCompromise' });
  assert.equal(again.statusCode, 409);
});

for (const grant of [
  { role: 'viewer' },
  { role: 'auditor' },
  { role: 'metrics' },
  { role: 'operator', endpoints: ['/b'] },
] as const)
  test(`a form of ${JSON.stringify(grant)} takes no certificate of /a back`, async (t) => {
    const { post, named, on } = await opened(t, grant);
    for (const path of ['revoke', 'hold', 'release', 'block'])
      assert.ok(
        [403, 404].includes((await post(`/admin/certificate/${path}`, { ...named, reason: 'superseded' })).statusCode),
        path,
      );
    const digest = '0'.repeat(64);
    const many = await post('/admin/revocations/revoke', { q: 'device-1', digest, confirm: '1', reason: 'superseded' });
    assert.ok([403, 409].includes(many.statusCode));
    const [one] = await on.store.findCertificatesBySerial('1001');
    assert.equal(one?.state, 'delivered');
    assert.deepEqual(await on.store.listBlocks(), []);
  });

test('who is refused goes back to the same certificate', async (t) => {
  const { post, get, named } = await opened(t, { role: 'operator' });
  const refused = await post('/admin/certificate/release', named);
  assert.equal(refused.statusCode, 409);
  const [, back = ''] = /<a href="([^"]+)">Go back<\/a>/.exec(refused.body) ?? [];
  assert.match(
    (await get(back.replaceAll('&#61;', '=').replaceAll(/&(amp|#38);/g, '&'))).body,
    /What verifiers are told now/,
  );
});

test('what a filter finds is revoked after its preview, when its number is typed', async (t) => {
  const { get, post, on } = await opened(t, { role: 'operator' });
  assert.match(
    (await get('/admin/certificates?endpoint=%2Fa')).body,
    /href="\/admin\/revocations\?endpoint&#61;%2Fa"|href="\/admin\/revocations\?endpoint=%2Fa"/,
  );
  assert.doesNotMatch((await get('/admin/certificates')).body, /\/admin\/revocations\?/);
  const preview = await get('/admin/revocations?endpoint=%2Fa');
  assert.match(preview.body, /2 valid certificates would be revoked\./);
  assert.match(preview.body, /Type 2 to confirm/);
  const sent = { endpoint: '/a', digest: digestIn(preview.body), reason: 'superseded' };
  for (const confirm of ['', '1', 'yes'])
    assert.equal((await post('/admin/revocations/revoke', { ...sent, confirm })).statusCode, 400, confirm);
  const mistyped = await post('/admin/revocations/revoke', { ...sent, confirm: '1' });
  assert.match(mistyped.body, /<a href="\/admin\/revocations\?endpoint(=|&#61;)%2Fa">Go back<\/a>/);
  assert.equal((await post('/admin/revocations/revoke', { ...sent, endpoint: '/b', confirm: '2' })).statusCode, 409);
  assert.equal(
    (await on.store.searchCertificates({ now: on.clock(), state: 'revoked' }, { limit: 9 })).certificates.length,
    0,
  );
  const done = await post('/admin/revocations/revoke', { ...sent, confirm: '2' });
  assert.equal(done.statusCode, 200);
  assert.match(done.body, /They are revoked\. The next revocation list has them\./);
  const revoked = await on.store.searchCertificates({ now: on.clock(), state: 'revoked' }, { limit: 9 });
  assert.deepEqual(
    revoked.certificates.map(({ serial }) => serial),
    ['1003', '1001'],
  );
});
