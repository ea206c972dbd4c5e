/** Orders at CAs elsewhere on the page of authorities. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordOrder } from '../kit/waiting-order.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

const PAGE = '/admin/authorities';

test('without orders the page says nothing about them', async (t) => {
  const { get } = await pagesUnderTest(t);
  const { statusCode, body } = await get(PAGE);
  assert.equal(statusCode, 200);
  assert.doesNotMatch(body, /Orders without an answer/);
});

test('an order shows what it is found by at the CA, and an operator closes it', async (t) => {
  const { get, post, store } = await pagesUnderTest(t);
  await recordOrder(store, 1, { transactionId: '<b>order</b>' });
  await recordOrder(store, 2, { state: 'sent' });
  const { body } = await get(PAGE);
  for (const text of [/Orders without an answer/, /orphan/, /the CA will be asked/, /(?:01){32}/, /order-2/])
    assert.match(body, text);
  assert.doesNotMatch(body, /<b>order/);
  const [order] = await store.listOrders({ limit: 1 });
  const closed = await post('/admin/orders/done', { id: String(order?.id) });
  assert.deepEqual([closed.statusCode, closed.headers.location], [303, `${PAGE}?done=%2Fadmin%2Forders%2Fdone`]);
  assert.match((await get(String(closed.headers.location))).body, /The order is closed\./);
  assert.equal((await store.listOrders({ limit: 9 })).length, 1);
  assert.equal((await post('/admin/orders/done', { id: String(order?.id) })).statusCode, 404);
});

test('a viewer has no button, and the next page has the rest', async (t) => {
  const { get, store } = await pagesUnderTest(t, { signedIn: session({ role: 'viewer' }) });
  for (let n = 1; n <= 201; n++) await recordOrder(store, n);
  const { body } = await get(PAGE);
  assert.doesNotMatch(body, /I have looked|order-201/);
  const after = /href="\/admin\/authorities\?orders-after(?:=|&#61;)(\d+)"/.exec(body)?.[1];
  assert.match((await get(`${PAGE}?orders-after=${after}`)).body, /order-201/);
});
