/** `openndes orders`: what a CA elsewhere may have made, and that somebody has looked for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConfiguredStore } from '../../src/app/configured-store.ts';
import { installed, rows } from '../app/installation.ts';

test('orders: list and done, with the administrator in the history', async (t) => {
  const { cli, config } = await installed(t);
  const store = await openConfiguredStore(config);
  t.after(() => store.close());
  const order = { endpoint: '/scep', publicKeyHash: 'b'.repeat(64), at: new Date('2026-03-01T12:00:00Z') };
  await store.addOrder({ ...order, requestKey: 'a'.repeat(64), transactionId: 'first' });
  await store.endOrders('a'.repeat(64), 'orphan');
  await store.addOrder({ ...order, requestKey: 'c'.repeat(64), transactionId: 'second' });

  const listed = rows(await cli('orders', 'list', '--json'));
  const shown = { endpoint: '/scep', publicKeyHash: 'b'.repeat(64), at: '2026-03-01T12:00:00.000Z' };
  assert.deepEqual(listed, [
    { id: 1, requestKey: 'a'.repeat(64), transactionId: 'first', state: 'orphan', ...shown },
    { id: 2, requestKey: 'c'.repeat(64), transactionId: 'second', state: 'sent', ...shown },
  ]);
  const { out } = await cli('orders', 'list');
  assert.match(out, /^ID +STATE +SENT +ENDPOINT +TRANSACTION +PUBLIC KEY +ORDER\n/);
  assert.match(out, /\n1 +orphan +2026-03-01T12:00:00 +\/scep +first +b{64} +a{64}\n/);
  assert.equal((await cli('orders', 'list', '--limit', '1')).out.split('\n').length, 2);

  assert.deepEqual(await cli('orders', 'done', '1'), { code: 0, out: 'done 1: /scep, transaction first', err: '' });
  const [entry] = await store.listAudit({});
  assert.deepEqual(
    [entry?.event, entry?.actor.kind, entry?.source, entry?.detail],
    ['discarded', 'person', 'cli', `the order ${'a'.repeat(64)} was looked for at the CA`],
  );
  assert.deepEqual(await cli('orders', 'done', '1'), {
    code: 1,
    out: '',
    err: '1 is no order whose outcome is not known: see openndes orders list',
  });
  assert.equal((await store.listOrders({ limit: 9 })).length, 1);
});
