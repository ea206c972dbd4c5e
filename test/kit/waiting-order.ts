/** An order at a CA elsewhere that has no answer. */
import type { NewOrder, OrderStore } from '../../src/core/order-store.ts';

const AT = new Date('2026-03-01T11:00:00Z');

/** The nth; orphan unless it is `sent`. */
export async function recordOrder(
  store: Pick<OrderStore, 'addOrder' | 'endOrders'>,
  n: number,
  { state = 'orphan', ...different }: Partial<NewOrder> & { state?: 'sent' | 'orphan' } = {},
): Promise<void> {
  const digits = n.toString(16).padStart(2, '0').repeat(32);
  const order = { requestKey: digits, endpoint: '/plain', transactionId: `order-${n}`, publicKeyHash: digits, at: AT };
  await store.addOrder({ ...order, ...different });
  if (state === 'orphan') await store.endOrders(digits, 'orphan');
}
