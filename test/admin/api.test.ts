/** The JSON API for one-time passwords: the token, the answer, and every error. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { adminServer } from '../../src/admin/admin-server.ts';
import { NOW } from '../kit/pki.ts';
import {
  adminUnderTest,
  AUTHORIZED,
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
  const { challenge, ...rest } = response.json<Record<string, string>>();
  assert.match(challenge!, /^[A-F0-9]{16}$/);
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
  ['the password of the page', AUTHORIZED.authorization],
] as const)
  test(`token: ${what} is 401, and the body is not read`, async (t) => {
    const headers = authorization === undefined ? {} : { authorization };
    const { response, log } = await ask(t, { headers, payload: { endpoint: '/nowhere' } });
    assert.deepEqual([response.statusCode, response.json<{ error: string }>().error], [401, 'unauthorized']);
    assert.match(String(response.headers['www-authenticate']), /^Bearer /);
    assert.ok(!log.lines.join().includes('a-token'));
  });

test('after ten wrong tokens an address is refused for a minute', async (t) => {
  const { post, clock } = await ask(t, { headers: { authorization: 'Bearer wrong' } });
  for (let n = 1; n < 10; n++) assert.equal((await post()).statusCode, 401);
  const right = { headers: BEARER, payload: { endpoint: LAB } };
  assert.deepEqual((await post(right)).json<{ error: string }>().error, 'too_many_attempts');
  clock.forward(MINUTE);
  assert.equal((await post(right)).statusCode, 201);
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
  const { pages, clock, log, authenticate } = await adminUnderTest(t);
  const noApi = await adminServer({ pages, authenticate, clock, emit: log.emit });
  const noPages = await adminServer({ pages, token: TOKEN, clock, emit: log.emit });
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
