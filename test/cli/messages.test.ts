/** `openndes messages` on a store with messages, and a test that a running server sends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { startServer } from '../../src/app/configured-server.ts';
import { installed, rows } from '../app/installation.ts';
import { hook } from '../messages/told.ts';

test('messages: list with what failed, and retry', async (t) => {
  const { cli, config } = await installed(t);
  const store = await openConfiguredStore(config);
  t.after(() => store.close());
  const message = { kind: 'test', at: '2026-03-01T12:00:00.000Z', by: 'ada' } as const;
  await store.enqueueMessages([
    { receiver: 'mail', message },
    { receiver: 'webhook:ops', message },
  ]);
  const [hooked] = await store.listMessages({ receiver: 'webhook:ops', limit: 1 });
  await store.recordDelivery(hooked!.id, { state: 'given-up', error: 'ops.example.com answered with HTTP 503' });
  const all = await cli('messages', 'list', '--json');
  assert.deepEqual(
    rows(all).map(({ receiver, state }) => `${receiver} ${state}`),
    ['webhook:ops given-up', 'mail waiting'],
  );
  const { out } = await cli('messages', 'list', '--failed');
  assert.match(out, /webhook:ops +test +\S+ +given-up +1 +ops\.example\.com answered with HTTP 503/);
  assert.ok(!out.includes('mail'), out);
  assert.deepEqual([(await cli('messages', 'retry')).code, (await cli('messages', 'retry', '4711')).code], [1, 1]);
  assert.equal((await cli('messages', 'retry', String(hooked!.id))).out, '1 due now');
});

test('messages test: a running server sends it, and the command says that it was accepted', async (t) => {
  const { url, of } = await hook(t);
  const messages = { webhooks: { ops: { url, secret: '0123456789abcdef' } } };
  const { cli, config } = await installed(t, (text) => `${text}\n${stringify({ messages })}`);
  const server = await startServer(config, { logLevel: 'silent', workers: 1, watchEvery: 20 });
  t.after(() => server.close());
  assert.deepEqual(await cli('messages', 'test', 'webhook:ops'), {
    code: 0,
    out: 'webhook:ops has accepted the test',
    err: '',
  });
  assert.equal(of('test').length, 1);
});
