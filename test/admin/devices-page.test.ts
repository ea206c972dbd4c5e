/** The page "Devices and requests": from a name to the reason in one step, and every text of a device is text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptFor } from '../../src/testing/store-attempts.ts';
import { later } from '../../src/testing/store-samples.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

const EVIL = '<img src=x onerror=alert(1)>';
const question = {
  operation: 'GetCACert',
  outcome: 'answered',
  names: [],
  code: undefined,
  detail: undefined,
} as const;
const bare = { ...question, transactionId: undefined, subject: undefined, messageType: undefined };
const wordsOf = (body: string): string => body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

test('without a query: what failed lately, each a link to its trace', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  assert.match(wordsOf((await get('/admin/devices')).body), /No request has failed\./);
  await store.recordAttempts([attemptFor(1), attemptFor(2, { outcome: 'issued', code: undefined })]);
  const { body } = await get('/admin/devices');
  assert.match(
    body,
    /<a href="\/admin\/devices\?query&#61;Device-1">CN&#61;Device-1<\/a>|<a href="\/admin\/devices\?query=Device-1">/,
  );
  assert.doesNotMatch(body, /Device-2/);
});

test('a name leads to the reason, the remedy and every step', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  const subject = { code: 'intune_denied', intuneCode: 'SubjectNameMismatch', clientRequestId: 'c-1' };
  await store.recordAttempts([attemptFor(1, bare), attemptFor(1, { ...subject, at: later(9) })]);
  for (const query of ['device-1', 'user1@example.com', 't1', '192.0.2.1']) {
    const { statusCode, body } = await get(`/admin/devices?query=${encodeURIComponent(query)}`);
    assert.equal(statusCode, 200);
    const words = wordsOf(body);
    assert.match(words, /Refused\. Intune refused with SubjectNameMismatch: The subject is not the one of the profile/);
    assert.match(words, /What to do: Let the device check in again if the profile was edited/);
    assert.match(words, /GetCACert • Answered same address: it may be of another device/);
    assert.match(words, /PKCSReq ✕ Refused Intune .* client-request-id c-1/);
  }
});

test('what Intune means by a code is said once, and not again as the detail of the log', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  const detail =
    'Intune answered SubjectNameMismatch. The subject is not the one of the profile. Let the device check in.';
  await store.recordAttempts([attemptFor(1, { code: 'intune_denied', intuneCode: 'SubjectNameMismatch', detail })]);
  const words = wordsOf((await get('/admin/devices?query=device-1')).body);
  assert.match(
    words,
    /Refused\. Intune refused with SubjectNameMismatch: The subject is not the one of the profile\. What to do:/,
  );
  assert.doesNotMatch(words, /Intune answered|Intune: SubjectNameMismatch/);
});

test('a code that is not known is shown with all that the log says', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  const detail = 'Intune answered Tomorrow. This code is not documented; give Microsoft the client-request-id.';
  await store.recordAttempts([attemptFor(1, { code: 'intune_denied', intuneCode: 'Tomorrow', detail })]);
  const words = wordsOf((await get('/admin/devices?query=device-1')).body);
  assert.match(words, /Refused\. Intune denied the request: Intune answered Tomorrow\. This code is not documented/);
  assert.match(words, /Intune: Tomorrow/);
});

test('a silent device: likely, with what decides', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await store.recordAttempts([attemptFor(1, { ...bare, times: 14 })]);
  const words = wordsOf((await get('/admin/devices?query=192.0.2.1')).body);
  assert.match(
    words,
    /Sent no request\. Likely, not certain: It asked for the CA certificate 14 times since 2026-03-01 12:00 UTC/,
  );
  assert.match(
    words,
    /What decides, in this order: Thumbprint: .*: the issuing CA for Windows, the root for Android, either for Apple\./,
  );
});

test('several devices, what begins so, and nothing', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await store.recordAttempts([1, 2].map((n) => attemptFor(n, { address: '192.0.2.9' })));
  const several = (await get('/admin/devices?query=192.0.2.9')).body;
  assert.match(several, /Devices with the name or address 192\.0\.2\.9/);
  assert.match(several, />Device-1<.*>Device-2<|>Device-2<.*>Device-1</s);
  assert.match((await get('/admin/devices?query=devi')).body, /These begin so:.*>device-1<.*>device-2</s);
  assert.match((await get('/admin/devices?query=unknown')).body, /A request that never arrived leaves nothing/);
});

test('a certificate that a request got is a link to its page', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await store.recordAttempts([
    attemptFor(1, { outcome: 'issued', code: undefined, detail: undefined, serial: 'ab01' }),
  ]);
  const { body } = await get('/admin/devices?query=device-1');
  assert.match(body, /Certificate <a href="\/admin\/certificate\?serial(=|&#61;)ab01"><code>ab01<\/code><\/a>/);
});

test('no text of a device becomes markup', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  const evil = { transactionId: EVIL, subject: EVIL, userAgent: EVIL, detail: EVIL, intuneCode: EVIL, serial: EVIL };
  await store.recordAttempts([attemptFor(1, { ...evil, names: [{ kind: 'cn', value: EVIL }] })]);
  for (const path of ['/admin/devices', `/admin/devices?query=${encodeURIComponent(EVIL)}`]) {
    const { statusCode, body } = await get(path);
    assert.equal(statusCode, 200);
    assert.doesNotMatch(body, /<img/);
    assert.match(body, /&#60;img src&#61;x/);
  }
});

test('who is limited to an endpoint sees what happened there, and nothing else', async (t) => {
  const { get, store } = await pagesUnderTest(t, { signedIn: session({ role: 'viewer', endpoints: ['/other'] }) });
  await store.recordAttempts([attemptFor(1), attemptFor(2, { endpoint: '/other' })]);
  assert.match((await get('/admin/devices?query=device-1')).body, /Nothing is recorded of it/);
  assert.match((await get('/admin/devices?query=device-2')).body, /The challenge is wrong/);
  const { body } = await get('/admin/devices');
  assert.match(body, /Device-2/);
  assert.doesNotMatch(body, /Device-1/);
});
