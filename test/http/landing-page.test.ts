/** What a browser gets at a SCEP URL. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Landing, landingOf } from '../../src/enroll/landing-facts.ts';
import { landingPage } from '../../src/http/landing-page.ts';
import { thumbprint } from '../../src/pkix/certificate.ts';
import { staticPolicy } from '../../src/policy/static.ts';
import { endpointUnderTest } from '../kit/endpoint-under-test.ts';
import { issuing, ra, root } from '../kit/pki.ts';
import { CHALLENGE } from '../kit/requests.ts';
import { lab, PATH, served } from './server-under-test.ts';

const html = (landing: Landing): string => Buffer.from(landingPage(landing).body).toString();

test('H18 GET without operation: 200, text/html without charset, in every form of the path', async (t) => {
  const { app, log } = await served(t, [await lab()]);
  for (const url of [PATH, `${PATH}/`, PATH.toUpperCase(), '/certsrv/mscep/', `${PATH}/pkiclient.exe`, `${PATH}?x=y`]) {
    const { statusCode, headers, body } = await app.inject(url);
    assert.deepEqual([statusCode, headers['content-type']], [200, 'text/html'], url);
    assert.ok(body.startsWith('<!doctype html>') && body.includes('<meta charset="utf-8">'), url);
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
    assert.equal(headers['set-cookie'] ?? headers['location'], undefined);
  }
  assert.match(log.lines[0]!, /"operation":"landing"/);
});

test('H18 the page has the thumbprint that each platform wants', async (t) => {
  const { app } = await served(t, [await lab()]);
  const { body } = await app.inject(PATH);
  const row = (platform: string): string => body.split('<tr>').find((part) => part.includes(`>${platform}<`)) ?? '';
  assert.ok(row('Windows').includes(thumbprint(issuing.certificate)));
  assert.ok(row('Windows').includes(createHash('sha256').update(issuing.certificate).digest('hex').toUpperCase()));
  assert.ok(row('Android').includes(thumbprint(root.certificate)));
  assert.ok(row('Android').includes(createHash('sha256').update(root.certificate).digest('hex').toUpperCase()));
  assert.match(row('iOS, iPadOS, macOS'), /either/);
});

test('H18 HEAD has the headers of GET; an empty operation is no browser', async (t) => {
  const { app } = await served(t, [await lab()]);
  const [get, head] = [await app.inject(PATH), await app.inject({ method: 'HEAD', url: PATH })];
  assert.deepEqual([head.statusCode, head.headers['content-length']], [200, get.headers['content-length']]);
  assert.equal((await app.inject(`${PATH}?operation=`)).statusCode, 400);
});

test('H18 `landing: 403` turns browsers away and serves clients', async (t) => {
  const policy = staticPolicy({ challenge: CHALLENGE });
  const { app } = await served(t, [await endpointUnderTest(policy, { landing: '403' })]);
  const { statusCode, headers, body } = await app.inject(PATH);
  assert.deepEqual([statusCode, headers['content-type'], body], [403, 'text/plain', 'forbidden']);
  assert.equal((await app.inject(`${PATH}?operation=GetCACaps`)).statusCode, 200);
});

test('the page says when certificates are not in force and when requests wait, and has its tick only otherwise', () => {
  assert.match(html({}), /&#10003;/);
  for (const [landing, text] of [
    [{ outOfForce: true, waiting: true }, 'it cannot issue certificates now'],
    [{ waiting: true }, 'and requests wait'],
  ] as const) {
    assert.ok(html(landing).includes(text));
    assert.doesNotMatch(html(landing), /&#10003;/);
  }
});

test('the root can be downloaded from the page, octet for octet', async (t) => {
  const { app } = await served(t, [await lab()]);
  const { body } = await app.inject(PATH);
  const [, base64 = ''] = /download="root-ca.cer" href="data:application\/pkix-cert;base64,([^"]+)"/.exec(body) ?? [];
  assert.deepEqual(Buffer.from(base64, 'base64'), Buffer.from(root.certificate));
});

test('nothing is fetched, run, framed or sent by the page', () => {
  const { headers } = landingPage(landingOf([issuing.certificate, root.certificate]));
  const policy = headers['content-security-policy'] ?? '';
  for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "style-src 'sha256-"])
    assert.ok(policy.includes(part), part);
  assert.ok(!policy.includes('unsafe'));
  assert.deepEqual([headers['x-content-type-options'], headers['referrer-policy']], ['nosniff', 'no-referrer']);
  assert.doesNotMatch(html({}), /<script|<form|<a |src=|http:|url\(|\son\w+=/i);
});

test('the issuing CA is the first of the chain, and the last is named only where it is a root', () => {
  const facts = (name: string, der: Uint8Array) => ({
    name,
    thumbprint: createHash('sha1').update(der).digest('hex').toUpperCase(),
    sha256: createHash('sha256').update(der).digest('hex').toUpperCase(),
  });
  const first = facts('CN=Test Issuing', issuing.certificate);
  const last = facts('CN=Test Root', root.certificate);
  assert.deepEqual(landingOf([issuing.certificate, ra.certificate, root.certificate]), { issuing: first, root: last });
  assert.deepEqual(landingOf([issuing.certificate]), { issuing: first });
  assert.deepEqual(landingOf([root.certificate]), { issuing: last, root: last });
  assert.deepEqual(landingOf([]), {});
});

test('the page of a server without the root leaves iOS the choice, and says that Android has none', () => {
  const text = html(landingOf([issuing.certificate]));
  assert.ok(text.includes('the root, which this server does not have'));
  assert.ok(text.includes('<td>the issuing CA or the root</td>'));
});

test('the page shows no version, path or software', () => {
  const text = html(landingOf([issuing.certificate, root.certificate]));
  for (const word of [/openndes/i, /node/i, /fastify/i, /mscep/i, /\d+\.\d+\.\d+/]) assert.doesNotMatch(text, word);
});

test('names from certificates are text, never markup', () => {
  const text = html({ issuing: { name: `CN=<script>alert("1")</script>&'`, thumbprint: 'AB', sha256: 'CD' } });
  assert.ok(text.includes('CN=&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;'));
  assert.doesNotMatch(text, /<script/);
});

test('a chain that does not reach the root claims none', () => {
  assert.equal(landingOf([issuing.certificate]).root, undefined);
  assert.match(html(landingOf([issuing.certificate])), /which this server does not have/);
  assert.deepEqual(landingOf([]), {});
});

test('a CA that is its own root is named for every platform', () => {
  const { issuing: first, root: last } = landingOf([root.certificate]);
  assert.deepEqual(first, last);
});
