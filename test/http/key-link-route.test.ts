/** `/pfx/`: the page of a link, and the file for who has its token. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { FetchedKey, FetchKey } from '../../src/http/key-link-route.ts';
import { handClock } from '../kit/clock.ts';
import { lab, served } from './server-under-test.ts';

const TOKEN = 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const FILE: FetchedKey = {
  name: 'jane-signing.p12',
  file: new Uint8Array([0x30, 0x82]),
  endpoint: 'people',
  transactionId: 'pfx-1',
};

/** Gives the file once for the token. */
async function withFile(t: TestContext, fetchKey?: FetchKey) {
  const asked: string[] = [];
  let waits = true;
  const fetch: FetchKey = async (token) => {
    asked.push(token);
    if (token !== TOKEN || !waits) return { refused: 'unknown' };
    waits = false;
    return FILE;
  };
  const { app, log } = await served(t, [await lab()], { fetchKey: fetchKey ?? fetch, clock: handClock() });
  const events = () => log.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { app, log, asked, events };
}

test('the page of a link takes nothing, and may send its form to this server alone', async (t) => {
  const { app, asked, log } = await withFile(t);
  for (const method of ['GET', 'HEAD'] as const)
    for (const url of ['/pfx/', '/pfx', '/PFX/', '/pfx/?utm=1']) {
      const { statusCode, headers, body } = await app.inject({ method, url });
      assert.equal(statusCode, 200);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      if (method === 'HEAD') continue;
      const [, script] = /<script>(.*)<\/script>/s.exec(body)!;
      const [, style] = /<style>(.*)<\/style>/s.exec(body)!;
      const sha256 = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`;
      assert.equal(
        headers['content-security-policy'],
        `default-src 'none'; style-src ${sha256(style!)}; script-src ${sha256(script!)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      );
    }
  assert.deepEqual([asked, log.lines], [[], []]);
  const { headers } = await app.inject({ method: 'OPTIONS', url: '/pfx/' });
  assert.equal(headers['allow'], 'GET, HEAD, POST, OPTIONS');
});

for (const [how, sent] of [
  ['a form', { headers: FORM, payload: `token=${TOKEN}` }],
  ['a form with spaces around the token', { headers: FORM, payload: `token=+${TOKEN}%0D%0A` }],
  ['a form whose type is not named', { payload: Buffer.from(`token=${TOKEN}`) }],
  ['the token of RFC 6750', { headers: { authorization: `Bearer ${TOKEN}` } }],
] as const)
  test(`the file is given out once, to ${how}; neither is kept by a cache or told to others`, async (t) => {
    const { app, events, log } = await withFile(t);
    const post = () => app.inject({ method: 'POST', url: '/pfx/', ...sent });
    const { statusCode, headers, rawPayload } = await post();
    assert.deepEqual([statusCode, [...rawPayload]], [200, [0x30, 0x82]]);
    const kept = ['content-type', 'content-disposition', 'cache-control', 'referrer-policy', 'x-content-type-options'];
    assert.deepEqual(
      kept.map((name) => headers[name]),
      ['application/x-pkcs12', 'attachment; filename="jane-signing.p12"', 'no-store', 'no-referrer', 'nosniff'],
    );
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; sandbox/);
    assert.equal((await post()).statusCode, 404);
    assert.deepEqual(
      events().map(({ event, reason, transactionId }) => [event, reason ?? transactionId]),
      [
        ['key-fetched', 'pfx-1'],
        ['key-link-refused', 'unknown'],
      ],
    );
    assert.ok(!log.lines.join('').includes(TOKEN.slice(0, 20)));
  });

test('an unknown token, another form, and none at all get the same answer', async (t) => {
  const { app } = await withFile(t);
  const answers = await Promise.all(
    ['token=AAAA', `token=${'A'.repeat(43)}`, 'x=1', '', `{"token":"${TOKEN}"}`].map(async (payload) => {
      const { statusCode, body, headers } = await app.inject({ method: 'POST', url: '/pfx/', headers: FORM, payload });
      return JSON.stringify([statusCode, body, Object.keys(headers), headers['cache-control']]);
    }),
  );
  assert.equal(new Set(answers).size, 1);
  assert.match(answers[0]!, /^\[404,"No file waits here: /);
});

test('who asks too often is told to come again, in at most ten lines of the log a minute', async (t) => {
  const { app, events } = await withFile(t, async () => ({ refused: 'too-many' }));
  for (let count = 0; count < 12; count++) {
    const { statusCode, headers } = await app.inject({ method: 'POST', url: '/pfx/' });
    assert.deepEqual([statusCode, headers['retry-after'], headers['cache-control']], [429, '60', 'no-store']);
  }
  assert.deepEqual(
    events().map(({ event, reason }) => [event, reason]),
    Array.from({ length: 10 }, () => ['key-link-refused', 'too-many']),
  );
});

test('a body that no token needs is not read, and a store that fails is not told to who asks', async (t) => {
  const { app, events, log } = await withFile(t, () => Promise.reject(new Error('the disk is full')));
  const large = await app.inject({ method: 'POST', url: '/pfx/', headers: FORM, payload: 'x'.repeat(1025) });
  assert.equal(large.statusCode, 413);
  const failed = await app.inject({ method: 'POST', url: '/pfx/', headers: FORM, payload: `token=${TOKEN}` });
  assert.equal(failed.statusCode, 503);
  assert.ok(!failed.body.includes('disk') && !log.lines.join('').includes(TOKEN));
  assert.deepEqual(
    events().map(({ event }) => event),
    ['key-link-failed'],
  );
});

test('a token that somebody writes into the path is not in the log', async (t) => {
  const { app, log, asked } = await withFile(t);
  for (const method of ['GET', 'POST'] as const)
    assert.equal((await app.inject({ method, url: `/pfx/${TOKEN}` })).statusCode, 404);
  assert.deepEqual([log.lines, asked], [[], []]);
});

test('without links there is nothing at this path', async (t) => {
  const { app } = await served(t, [await lab()]);
  for (const method of ['GET', 'POST'] as const)
    assert.equal((await app.inject({ method, url: '/pfx/' })).statusCode, 404);
});
