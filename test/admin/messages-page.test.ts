/** The page of messages: what became of each, sending again, and a test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagesUnderTest, session } from './pages-under-test.ts';

const message = { kind: 'waiting', at: '2026-03-01T12:00:00.000Z', endpoint: '/scep', transactionId: 'T' } as const;

test('the page shows each message with its state and the last error, and nothing in it is markup', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  assert.match((await get('/admin/messages')).body, /Nobody was told anything/);
  await store.enqueueMessages([{ receiver: 'mail', message }]);
  const [kept] = await store.listMessages({ limit: 1 });
  await store.recordDelivery(kept!.id, { state: 'given-up', error: '<script>alert(1)</script>' });
  const { body } = await get('/admin/messages');
  assert.match(body, /given up/);
  assert.match(body, /&#60;script&#62;alert\(1\)/);
  assert.doesNotMatch(body, /<script>alert/);
});

test('an operator has one sent again and a test sent, and a form without an id sends nothing', async (t) => {
  const { get, post, store, current } = await pagesUnderTest(t);
  await store.enqueueMessages([
    { receiver: 'mail', message },
    { receiver: 'webhook:ops', message },
  ]);
  const all = await store.listMessages({ limit: 9 });
  for (const { id } of all) await store.recordDelivery(id, { state: 'given-up', error: 'HTTP 503' });
  assert.equal((await post('/admin/messages/retry', {})).statusCode, 400);
  const sent = await post('/admin/messages/retry', { id: String(all[0]!.id) });
  assert.deepEqual([sent.statusCode, sent.headers.location], [303, '/admin/messages?done=%2Fadmin%2Fmessages%2Fretry']);
  const states = async () => (await store.listMessages({ limit: 9 })).map(({ state }) => state);
  assert.deepEqual(await states(), ['waiting', 'given-up']);
  assert.equal((await post('/admin/messages/test', { receiver: 'mail' })).statusCode, 303);
  const [test] = await store.listMessages({ limit: 1 });
  assert.deepEqual([test?.receiver, test?.message.kind === 'test' && test.message.by], ['mail', 'ada']);
  current.session = session({ role: 'viewer' });
  assert.doesNotMatch((await get('/admin/messages')).body, /action="\/admin\/messages/);
  current.session = session({ role: 'operator', endpoints: ['/scep'] });
  assert.equal((await post('/admin/messages/test', { receiver: 'mail' })).statusCode, 403);
});

test('a long list is shown in pages', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  await store.enqueueMessages(Array.from({ length: 101 }, (_, n) => ({ receiver: `webhook:n${n}`, message })));
  const first = (await get('/admin/messages')).body;
  const [, next] = /<a href="\/admin\/messages\?before(?:=|&#61;)(\d+)" rel="next">/.exec(first) ?? [];
  assert.doesNotMatch(first, /webhook:n0</);
  assert.match((await get(`/admin/messages?before=${next}`)).body, /webhook:n0</);
});
