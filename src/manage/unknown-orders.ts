/** What an administrator does with orders at CAs elsewhere whose outcome is not known. */
import type { OrderStore, StoredOrder } from '../core/order-store.ts';
import { auditEntry, type Management } from './administrator.ts';

/** The oldest first. `after`: the id of the last one of the page before. */
export const listUnknownOrders = (
  { store }: { store: Pick<OrderStore, 'listOrders'> },
  { limit, after }: { limit: number; after?: number | undefined },
): Promise<StoredOrder[]> => store.listOrders({ limit, ...(after !== undefined && { after }) });

/**
 * Its certificate was looked for at the CA, and revoked there if there is one: the order is not listed any more, and the history says who did
 * that. Undefined when there is none with this id that is known to the one who asks.
 */
export async function closeOrder(
  management: Management<Pick<OrderStore, 'listOrders' | 'removeOrder'>>,
  id: number,
  isKnown: (order: StoredOrder) => boolean = () => true,
): Promise<StoredOrder | undefined> {
  const [order] = await management.store.listOrders({ after: id - 1, limit: 1 });
  if (order?.id !== id || !isKnown(order)) return undefined;
  const { endpoint, transactionId, requestKey } = order;
  const detail = `the order ${requestKey} was looked for at the CA`;
  const audit = auditEntry(management, { event: 'discarded', endpoint, transactionId, detail });
  return (await management.store.removeOrder(id, audit)) ? order : undefined;
}
