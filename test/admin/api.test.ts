/** The JSON API for one-time passwords: the token, the answer, and every error. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { adminServer } from '../../src/admin/admin-server.ts';
import { NOW } from '../kit/pki.ts';
import {
  adminUnderTest,
  AUTHORIZED,
  basic,
  BEARER,
  type Different,
  LAB,
  MINUTE,
  PAGE,
  PATH,
  TOKEN,
} from './admin-under-test.ts';

const ask = async (t: Parameters<typeof adminUnderTest>[0], request: InjectOptions = {}, different: Different = {}) => {
  const under = await adminUnderTest(t, different);
  const post = (more: InjectOptions = {}) =>
    under.app.inject({ method: 'POST', url: '/api/challenges', headers: BEARER, ...request, ...more });
  return { ...under, post, response: await post() };
};

test('a password for the named endpoint, valid until the moment in the answer', async (t) => {
  const { response, store, log } = await ask(t, { payload: { endpoint: LAB } });
  assert.equal(response.statusCode, 201);
  assert.equal(response.headers['cache-control'], 'no-store');
  const { challenge, id, ...rest } = response.json<Record<string, string>>();
  assert.match(challenge!, /^[A-F0-9]{16}$/);
  assert.match(id!, /^[a-f0-9]{12}$/);
  const expiresAt = new Date(NOW.getTime() + 60 * MINUTE);
  assert.deepEqual(rest, { expiresAt: expiresAt.toISOString(), endpoint: LAB });
  assert.deepEqual((await store.findChallenge(LAB, challenge!))?.expiresAt, expiresAt);
  assert.match(log.lines.join(), /"endpoint":"\/scep\/lab".*"outcome":"issued"/);
  assert.ok(!log.lines.join().includes(challenge!));
});

test('a longer password, and one that does not expire', async (t) => {
  const long = await ask(t, { payload: { endpoint: PATH } }, { length: 16 });
  assert.match(long.response.json<{ challenge: string }>().challenge, /^[A-F0-9]{32}$/);
  const single = await ask(t, { payload: { endpoint: PATH } }, { single: 'FEDCBA9876543210' });
  assert.deepEqual(single.response.json(), { challenge: 'FEDCBA9876543210', expiresAt: null, endpoint: PATH });
});

for (const [what, authorization] of [
  ['none', undefined],
  ['a wrong one', 'Bearer a-token-of-more-than-17'],
  ['one that only begins right', `Bearer ${TOKEN}x`],
  ['an empty one', 'Bearer '],
  ['a wrong password of the page', basic('ndes:wrong')],
] as const)
  test(`token: ${what} is 401, and the body is not read`, async (t) => {
    const headers = authorization === undefined ? {} : { authorization };
    const { response, log } = await ask(t, { headers, payload: { endpoint: '/nowhere' } });
    assert.deepEqual([response.statusCode, response.json<{ error: string }>().error], [401, 'unauthorized']);
    assert.match(String(response.headers['www-authenticate']), /^Bearer /);
    assert.ok(!log.lines.join().includes('a-token'));
  });

test('after ten wrong tokens within a minute the next is too many, and the right one still accepted', async (t) => {
  const { post, clock } = await ask(t, { headers: { authorization: 'Bearer wrong' } });
  for (let n = 1; n < 10; n++) assert.equal((await post()).statusCode, 401);
  assert.deepEqual((await post()).json<{ error: string }>().error, 'too_many_attempts');
  assert.equal((await post({ headers: BEARER, payload: { endpoint: LAB } })).statusCode, 201);
  clock.forward(MINUTE);
  assert.equal((await post()).statusCode, 401);
});

test('requests without credentials are no failures, in any number', async (t) => {
  const { post } = await ask(t, { headers: {} });
  for (let n = 0; n < 20; n++) assert.equal((await post()).statusCode, 401);
  assert.equal((await post({ headers: { authorization: 'Bearer wrong' } })).statusCode, 401);
});

for (const [what, headers, status] of [
  ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a neighbour site', { 'sec-fetch-site': 'same-site' }, 403],
  ['its own page', { 'sec-fetch-site': 'same-origin', origin: 'http://elsewhere.example' }, 201],
  ['the address bar', { 'sec-fetch-site': 'none' }, 201],
  ['another origin, over plain HTTP', { origin: 'http://evil.example' }, 403],
  ['an origin that hides itself', { origin: 'null' }, 403],
  ['its own origin', { origin: 'http://ndes.example:8081' }, 201],
] as const)
  test(`a browser that sends the right token for ${what} gets ${status}`, async (t) => {
    const host = { ...BEARER, host: 'NDES.example:8081' };
    const { response } = await ask(t, { headers: { ...host, ...headers }, payload: { endpoint: LAB } });
    assert.equal(response.statusCode, status);
    if (status === 403) assert.equal(response.json<{ error: string }>().error, 'cross_site');
  });

test('twelve requests of a foreign page do not keep the administrator out', async (t) => {
  const { post } = await ask(t, { headers: { authorization: 'Bearer wrong', 'sec-fetch-site': 'cross-site' } });
  for (let n = 0; n < 12; n++) assert.equal((await post()).statusCode, 403);
  assert.equal((await post({ headers: { authorization: 'Bearer wrong' } })).statusCode, 401);
  assert.equal((await post({ headers: BEARER, payload: { endpoint: LAB } })).statusCode, 201);
});

test('a user of the page gets a password by Basic; the log names the user', async (t) => {
  const { response, log } = await ask(t, { headers: AUTHORIZED, payload: { endpoint: LAB } });
  assert.equal(response.statusCode, 201);
  assert.match(log.lines.join(), /"user":"ndes".*"outcome":"issued"|"outcome":"issued".*"user":"ndes"/);
});

/** What Jamf Pro sends for its SCEPChallenge event. It takes the whole body of the answer as the challenge. */
const JAMF = { webhook: { webhookEvent: 'SCEPChallenge' }, event: { targetDevice: { serialNumber: 'S' } } };
for (const [what, url, headers] of [
  ['Accept: text/plain', `/api/challenges?endpoint=${LAB}`, { accept: 'text/plain' }],
  ['the path .txt', `/api/challenges.txt?endpoint=${LAB}`, {}],
] as const)
  test(`${what}: the password alone, as text, and the endpoint of the query`, async (t) => {
    const { response, store } = await ask(t, { url, headers: { ...AUTHORIZED, ...headers }, payload: JAMF });
    assert.deepEqual([response.statusCode, response.headers['content-type']], [200, 'text/plain; charset=utf-8']);
    assert.match(response.body, /^[A-F0-9]{16}$/);
    assert.ok(await store.findChallenge(LAB, response.body));
  });

test('a library that accepts JSON before text gets JSON', async (t) => {
  const headers = { ...BEARER, accept: 'application/json, text/plain, */*' };
  assert.equal((await ask(t, { headers, payload: { endpoint: LAB } })).response.statusCode, 201);
});

for (const [what, request, status, error] of [
  ['an unknown endpoint', { payload: { endpoint: '/nowhere' } }, 404, 'unknown_endpoint'],
  ['no endpoint where there are two', { payload: {} }, 404, 'unknown_endpoint'],
  ['an endpoint that is no text', { payload: { endpoint: 7 } }, 400, 'bad_request'],
  [
    'JSON that is no object',
    { payload: '"x"', headers: { ...BEARER, 'content-type': 'application/json' } },
    400,
    'bad_request',
  ],
  ['no JSON', { payload: '{', headers: { ...BEARER, 'content-type': 'application/json' } }, 400, 'bad_request'],
  [
    'a form',
    { payload: 'a=b', headers: { ...BEARER, 'content-type': 'application/x-www-form-urlencoded' } },
    400,
    'bad_request',
  ],
] as const)
  test(`${what} is ${error}, with a message`, async (t) => {
    const { response } = await ask(t, request);
    const body = response.json<{ error: string; message: string }>();
    assert.deepEqual([response.statusCode, body.error], [status, error]);
    assert.ok(body.message.length > 10);
  });

test('a password is bound to the subject and the names of the body', async (t) => {
  const bound = { subject: 'O=Example, CN=router-7', san: ['dns:a.example'] };
  const { response, store } = await ask(t, { payload: { endpoint: LAB, ...bound } });
  assert.equal(response.statusCode, 201);
  const found = await store.findChallenge(LAB, response.json<{ challenge: string }>().challenge);
  assert.deepEqual(found?.binding, { subject: 'O=Example,CN=router-7', san: ['dns:a.example'] });
});

for (const [what, bound] of [
  ['names without a subject', { san: ['dns:a.example'] }],
  ['an empty subject', { subject: '' }],
  ['a subject that is none', { subject: 'router-7' }],
  ['a subject that is no text', { subject: 7 }],
  ['a name without its type', { subject: 'CN=a', san: ['a.example'] }],
  ['names that are no list', { subject: 'CN=a', san: 'dns:a.example' }],
] as const)
  test(`${what} is binding_refused, and no password is made`, async (t) => {
    const { response, post } = await ask(t, { payload: { endpoint: LAB, ...bound } }, { max: 1 });
    assert.deepEqual([response.statusCode, response.json<{ error: string }>().error], [400, 'binding_refused']);
    assert.equal((await post({ payload: { endpoint: LAB } })).statusCode, 201);
  });

for (const [what, url, payload] of [
  ['in the query', `/api/challenges?endpoint=${LAB}&subject=CN%3Drouter-7`, {}],
  ['in the query, names only', `/api/challenges.txt?endpoint=${LAB}&SAN=dns:a.example`, {}],
  ['in a list', `/api/challenges?endpoint=${LAB}`, [{ subject: 'CN=router-7' }]],
  ['in other letters', `/api/challenges?endpoint=${LAB}`, { Subject: 'CN=router-7' }],
  ['under an unknown name', '/api/challenges', { endpoint: LAB, subjectDN: 'CN=router-7' }],
] as const)
  test(`a binding ${what} is binding_refused, not a password for every name`, async (t) => {
    const { response, post } = await ask(t, { url, payload }, { max: 1 });
    assert.deepEqual([response.statusCode, response.json<{ error: string }>().error], [400, 'binding_refused']);
    assert.equal((await post({ url: '/api/challenges', payload: { endpoint: LAB } })).statusCode, 201);
  });

test('a single password cannot be bound', async (t) => {
  const payload = { endpoint: LAB, subject: 'CN=a' };
  const { response } = await ask(t, { payload }, { single: 'FEDCBA9876543210' });
  assert.match(response.json<{ message: string }>().message, /one password for all/);
});

test('M03 no more than max are neither used nor expired: 409', async (t) => {
  const { post } = await ask(t, { payload: { endpoint: LAB } }, { max: 1 });
  const { statusCode, json } = await post();
  assert.deepEqual([statusCode, json<{ error: string }>().error], [409, 'password_cache_full']);
});

test('a store that fails: 503, and its error is only in the log', async (t) => {
  const wrap: Different['wrap'] = (store) => ({
    ...store,
    addChallenge: () => Promise.reject(new Error('disk is full')),
  });
  const { response, log } = await ask(t, { payload: { endpoint: LAB } }, { wrap });
  assert.deepEqual([response.statusCode, response.json<{ error: string }>().error], [503, 'unavailable']);
  assert.ok(!response.body.includes('disk') && log.lines.join().includes('disk is full'));
});

test('without a token there is no API, and without users there is no page', async (t) => {
  const { pages, clock, log, authenticate, access } = await adminUnderTest(t);
  const noApi = await adminServer({ pages, authenticate, clock, emit: log.emit });
  const noPages = await adminServer({ pages, access, clock, emit: log.emit });
  t.after(() => Promise.all([noApi.close(), noPages.close()]));
  const api = { method: 'POST', url: '/api/challenges', headers: BEARER, payload: { endpoint: LAB } } as const;
  const nothing = await noApi.inject(api);
  assert.deepEqual(
    [nothing.statusCode, nothing.json()],
    [404, { error: 'not_found', message: 'There is nothing at this path.' }],
  );
  assert.equal((await noPages.inject(api)).statusCode, 201);
  assert.equal((await noPages.inject({ url: PAGE, headers: AUTHORIZED })).statusCode, 404);
});
