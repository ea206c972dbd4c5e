/** NDES's administrator page: who gets it, its exact octets, and that programs made for NDES can read it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import Fastify from 'fastify';
import { adminPath, ndesPages } from '../../src/admin/ndes-plugin.ts';
import { issuing, NOW } from '../kit/pki.ts';
import { adminUnderTest, AUTHORIZED, basic, decoded, LAB, MINUTE, PAGE, passwordOn, PATH } from './admin-under-test.ts';

test('M01 without credentials: 401 with a Basic challenge, and no password is issued', async (t) => {
  const { page, store } = await adminUnderTest(t, { max: 1 });
  const { status, headers, octets } = await page(PAGE, {});
  assert.equal(status, 401);
  assert.match(String(headers['www-authenticate']), /^Basic realm="[^"]+"$/);
  assert.equal(passwordOn(octets), undefined);
  const only = { endpoint: PATH, password: 'x', createdAt: NOW, expiresAt: NOW };
  assert.equal(await store.addChallenge(only, 1), true);
});

test('M01 a wrong password or an unknown user: 401 with the sentence of NDES', async (t) => {
  const { page } = await adminUnderTest(t);
  for (const credentials of ['ndes:wrong', 'unknown:right']) {
    const { status, octets } = await page(PAGE, { authorization: basic(credentials) });
    assert.equal(status, 401);
    assert.ok(decoded(octets).includes('You do not have sufficient permission to enroll with SCEP.'));
  }
});

for (const method of ['GET', 'POST'] as const)
  test(`${method} that another site makes the browser send: 403 with a link, no password, and no login is counted`, async (t) => {
    const { app, store } = await adminUnderTest(t, { max: 1 });
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    for (let n = 0; n < 12; n++) {
      const wrong = { authorization: basic('ndes:wrong'), ...crossSite };
      assert.equal((await app.inject({ method, url: PAGE, headers: wrong })).statusCode, 403);
    }
    const refused = await app.inject({ method, url: PAGE, headers: { ...AUTHORIZED, ...crossSite } });
    assert.equal(refused.statusCode, 403);
    assert.ok(decoded(refused.rawPayload).includes('<A HREF="./">Make a password now</A>'));
    assert.equal(passwordOn(refused.rawPayload), undefined);
    const only = { endpoint: PATH, password: 'x', createdAt: NOW, expiresAt: NOW };
    assert.equal(await store.addChallenge(only, 1), true);
    const own = { ...AUTHORIZED, 'sec-fetch-site': 'same-origin' };
    assert.equal((await app.inject({ method, url: PAGE, headers: own })).statusCode, 200);
  });

test('the form at ?bind makes no password; its fields bind one to a subject and names', async (t) => {
  const { app, page, store } = await adminUnderTest(t, { max: 1 });
  const form = await page(`${PAGE}?bind`);
  assert.equal(form.status, 200);
  assert.ok(decoded(form.octets).includes('<FORM METHOD=post ACTION="./">'));
  assert.equal((await page(`${PAGE}?bind`, {})).status, 401);
  const submit = (payload: string) =>
    app.inject({
      method: 'POST',
      url: PAGE,
      headers: { ...AUTHORIZED, 'content-type': 'application/x-www-form-urlencoded' },
      payload,
    });
  const refused = await submit('subject=%3Cb%3E&san=');
  assert.equal(refused.statusCode, 400);
  assert.match(decoded(refused.rawPayload), /No password was made: [^<]*&lt;b&gt;/);
  // Names without a subject bind to nothing, and a password for everything is not what was asked for.
  assert.equal((await submit('san=dns%3Aa.example')).statusCode, 400);
  const made = await submit('subject=CN%3Drouter-7%2CO%3DExample&san=dns%3Aa.example%0D%0A%0D%0Adns%3Ab.example');
  const found = await store.findChallenge(PATH, passwordOn(made.rawPayload)!);
  assert.deepEqual(found?.binding, { subject: 'CN=router-7,O=Example', san: ['dns:a.example', 'dns:b.example'] });
});

for (const [what, method, query, payload] of [
  ['the query', 'GET', '?subject=CN%3Drouter-7', ''],
  ['the query of a POST', 'POST', '?subject=CN%3Drouter-7', ''],
  ['multipart/form-data', 'POST', '', 'Content-Disposition: form-data; name="subject"\r\n\r\nCN=router-7\r\n'],
  ['JSON', 'POST', '', '{"subject":"CN=router-7"}'],
  ['other letters', 'POST', '', 'Subject=CN%3Drouter-7'],
  ['UTF-16', 'POST', '', Buffer.from('subject=CN%3Drouter-7', 'utf16le')],
  ['two subjects', 'POST', '', 'subject=CN%3Drouter-7&subject=CN%3Drouter-8'],
] as const)
  test(`a binding in ${what} makes no password that is valid for every name`, async (t) => {
    const { app, store } = await adminUnderTest(t);
    const made = await app.inject({ method, url: `${PAGE}${query}`, headers: AUTHORIZED, payload });
    assert.equal(made.statusCode, 400);
    assert.match(decoded(made.rawPayload), /No password was made/);
    const only = { endpoint: PATH, password: 'x', createdAt: NOW, expiresAt: new Date(NOW.getTime() + MINUTE) };
    assert.equal(await store.addChallenge(only, 1), true);
  });

test('the form is shown for ?bind beside other members of the query, and every san counts', async (t) => {
  const { app, page, store } = await adminUnderTest(t, { max: 1 });
  for (const query of ['?bind=', '?charset=utf-8&bind'])
    assert.match((await page(PAGE + query)).octets.toString('utf8').replaceAll('\0', ''), /<FORM METHOD=post/);
  const payload = 'subject=CN%3Dr&san=dns%3Aa.example&san=dns%3Ab.example';
  const made = await app.inject({ method: 'POST', url: PAGE, headers: AUTHORIZED, payload });
  const found = await store.findChallenge(PATH, passwordOn(made.rawPayload)!);
  assert.deepEqual(found?.binding, { subject: 'CN=r', san: ['dns:a.example', 'dns:b.example'] });
});

test('M01 with the right password: the page', async (t) => {
  const { page } = await adminUnderTest(t);
  const { status, headers, octets } = await page();
  assert.deepEqual([status, headers['content-type'], headers['cache-control']], [200, 'text/html', 'no-store']);
  assert.match(passwordOn(octets) ?? '', /^[A-F0-9]{16}$/);
});

test('M02 UTF-16 little endian with byte order mark; the thumbprint in four groups of eight, the password in one of 16', async (t) => {
  const { page } = await adminUnderTest(t);
  const { octets } = await page();
  assert.deepEqual([octets[0], octets[1]], [0xff, 0xfe]);
  const text = decoded(octets);
  const md5 = createHash('md5').update(issuing.certificate).digest('hex').toUpperCase();
  const groups = [0, 8, 16, 24].map((at) => md5.slice(at, at + 8)).join(' ');
  const password = passwordOn(octets)!;
  assert.equal(/[A-F0-9]{16}/.exec(text)?.[0], password);
  for (const literal of [
    '<Title>Network Device Enrollment Service</Title>',
    `The thumbprint (hash value) for the CA certificate is: <B> ${groups} </B>`,
    `The enrollment challenge password is: <B> ${password} </B> <P> This password can be used only once and will expire within 60 minutes.`,
  ])
    assert.ok(text.includes(literal), literal);
});

for (const [what, url, headers] of [
  ['?charset=utf-8', `${PAGE}?charset=utf-8`, {}],
  ['Accept-Charset', PAGE, { 'accept-charset': 'UTF-8' }],
] as const)
  test(`M02 UTF-8 without byte order mark when the request names it by ${what}`, async (t) => {
    const { page } = await adminUnderTest(t);
    const { headers: sent, octets } = await page(url, { ...AUTHORIZED, ...headers });
    assert.equal(sent['content-type'], 'text/html; charset=utf-8');
    assert.match(
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets),
      /^<HTML>.*password is: <B> [A-F0-9]{16} /,
    );
  });

test('M03 the sixth password of five: 200, "cache is full", and no password', async (t) => {
  const { page } = await adminUnderTest(t);
  const passwords = new Set<string | undefined>();
  for (let n = 0; n < 5; n++) passwords.add(passwordOn((await page()).octets));
  assert.equal(passwords.size, 5);
  const { status, octets } = await page();
  assert.equal(status, 200);
  assert.ok(decoded(octets).includes('The password cache is full.'));
  assert.equal(passwordOn(octets), undefined);
  assert.doesNotMatch(decoded(octets), /[A-F0-9]{16}/);
});

test('M03 every endpoint has its own password cache, which is empty after 60 minutes', async (t) => {
  const { page, clock } = await adminUnderTest(t, { max: 1 });
  assert.ok(passwordOn((await page()).octets));
  assert.equal(passwordOn((await page()).octets), undefined);
  assert.ok(passwordOn((await page(`${LAB}/mscep_admin/`)).octets));
  clock.forward(60 * MINUTE);
  assert.ok(passwordOn((await page()).octets));
});

test('M03 a password of 61 seconds expires within 2 minutes, as the page says whole minutes', async (t) => {
  const { page } = await adminUnderTest(t, { validity: 61_000 });
  assert.ok(decoded((await page()).octets).includes('will expire within 2 minutes.'));
});

test('M04 a single password for all requesters: always the same, with the sentence of NDES, beyond max', async (t) => {
  const { page } = await adminUnderTest(t, { single: 'FEDCBA9876543210', max: 1 });
  for (let n = 0; n < 3; n++) {
    const { octets } = await page();
    assert.equal(passwordOn(octets), 'FEDCBA9876543210');
    assert.ok(decoded(octets).includes('This password can be used multiple times and will not expire.'));
  }
});

/** How programs made for NDES find the password in the page; the patterns are from their published sources. */
const SCRAPERS: Readonly<Record<string, (text: string) => string | undefined>> = {
  'Fleet and Okta: label, tag, one space': (text) =>
    /The enrollment challenge password is: <B> (?<password>\S*)/i.exec(text)?.groups?.['password'],
  'PSCertificateEnrollment and HPE iLO: the first word that begins with 16 digits': (text) =>
    text.split(/\s+/).find((word) => /^[A-F0-9]{16}/.test(word)),
  'the first 16 digits anywhere': (text) => /[A-F0-9]{16}/.exec(text)?.[0],
  'ManageEngine: between two literals': (text) =>
    text.split('The enrollment challenge password is: <B> ')[1]?.split(' </B>')[0],
  'a Python portal: the part between tags after the label': (text) => {
    const parts = text.split('>');
    const label = parts.findIndex((part) => part.indexOf('The enrollment challenge password is: <B') === 1);
    return parts[label + 1]?.replace(/^[</B]+|[</B]+$/g, '').trim();
  },
  'SCEPwright: label, then digits in bold': (text) =>
    /challenge password is:\s*<B>\s*([A-F0-9]+)\s*<\/B>/i.exec(text)?.[1],
  'an automation of Juniper routers: after its HTML parser': (text) =>
    /The enrollment challenge password is: <b> [A-Z0-9]+ /
      .exec(text.replaceAll('<B>', '<b>'))?.[0]
      .split('<b>')[1]
      ?.trim(),
};
for (const [name, scrape] of Object.entries(SCRAPERS))
  test(`M05 ${name}`, async (t) => {
    const { page, store } = await adminUnderTest(t);
    const password = scrape(decoded((await page()).octets));
    assert.ok(password);
    assert.ok(await store.findChallenge(PATH, password), password);
  });

test('the path without a slash redirects to the one with it, on the same host only', async (t) => {
  const { page } = await adminUnderTest(t);
  for (const url of ['/certsrv/mscep_admin', '/CertSrv/MSCEP_admin', '//certsrv/mscep_admin']) {
    const { status, headers } = await page(url, {});
    assert.deepEqual([status, headers['location']], [301, PAGE], url);
  }
  assert.equal((await page('/certsrv/mscep_admin?charset=utf-8')).headers['location'], `${PAGE}?charset=utf-8`);
});

test('POST issues a password whatever its body, which HPE iLO needs; HEAD issues none', async (t) => {
  const { app } = await adminUnderTest(t, { max: 4 });
  for (const type of ['application/x-www-form-urlencoded', 'application/json', 'nonsense', '']) {
    const headers = { ...AUTHORIZED, 'content-type': type };
    const { statusCode, rawPayload } = await app.inject({ method: 'POST', url: PAGE, headers, payload: 'operation=x' });
    assert.equal(statusCode, 200, type);
    assert.ok(passwordOn(rawPayload), type);
  }
  const head = await app.inject({ method: 'HEAD', url: PAGE, headers: AUTHORIZED });
  assert.equal(head.statusCode, 404);
});

test('too many wrong passwords: 429 with Retry-After; the right one still gets the page', async (t) => {
  const { page } = await adminUnderTest(t);
  for (let n = 0; n < 10; n++) await page(PAGE, { authorization: basic('ndes:wrong') });
  const { status, headers, octets } = await page(PAGE, { authorization: basic('ndes:wrong') });
  assert.deepEqual([status, headers['retry-after'], passwordOn(octets)], [429, '60', undefined]);
  assert.match(passwordOn((await page()).octets) ?? '', /^[A-F0-9]{16}$/);
});

test('a store that fails: 503, and its error is only in the log', async (t) => {
  const { page, log } = await adminUnderTest(t, {
    wrap: (store) => ({ ...store, addChallenge: () => Promise.reject(new Error('disk is full')) }),
  });
  const { status, octets } = await page();
  assert.equal(status, 503);
  assert.ok(!decoded(octets).includes('disk'));
  assert.match(log.lines.join(), /disk is full/);
});

test('HTML in a password is escaped', async (t) => {
  const { page } = await adminUnderTest(t, { single: '<script>&"' });
  assert.ok(decoded((await page()).octets).includes('<B> &lt;script&gt;&amp;&quot; </B>'));
});

test('the log has user, endpoint and outcome, and never the password', async (t) => {
  const { page, log } = await adminUnderTest(t);
  const password = passwordOn((await page()).octets)!;
  assert.equal(log.lines.length, 1);
  assert.match(log.lines[0]!, /"endpoint":"\/certsrv\/mscep\/mscep.dll","user":"ndes".*"outcome":"issued"/);
  assert.ok(!log.lines[0]!.includes(password));
});

test('the page of an endpoint: the path of NDES for NDES’s own endpoint, below the endpoint for others', () => {
  for (const [endpoint, path] of [
    [PATH, '/certsrv/mscep_admin'],
    ['/CertSrv/mscep/mscep.dll/', '/certsrv/mscep_admin'],
    [LAB, '/scep/lab/mscep_admin'],
    ['/scep/lab/', '/scep/lab/mscep_admin'],
  ])
    assert.equal(adminPath(endpoint!), path);
});

test('the pages do not change how other routes of the app parse bodies', async (t) => {
  const { pages, authenticate, log } = await adminUnderTest(t);
  const app = Fastify();
  t.after(() => app.close());
  await app.register(ndesPages, { pages, authenticate, emit: log.emit });
  app.post('/json', (request) => request.body);
  const echoed = await app.inject({ method: 'POST', url: '/json', payload: { a: 1 } });
  assert.deepEqual(echoed.json(), { a: 1 });
});
