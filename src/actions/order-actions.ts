/** Orders at CAs elsewhere whose outcome is not known: there may be a certificate that is recorded nowhere. */
import { z } from 'zod';
import type { StoredOrder } from '../core/order-store.ts';
import { closeOrder, listUnknownOrders } from '../manage/unknown-orders.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { isAt } from './placed-endpoints.ts';
import { byCaller } from './told-revocations.ts';

/** Orders in one answer. */
const PAGE = 200;

const ID = z.coerce.number().int().positive();

const order = z.object({
  id: z.number(),
  state: z.enum(['sent', 'orphan']),
  sentAt: z.iso.datetime(),
  endpoint: z.string(),
  transactionId: z.string(),
  publicKeyHash: z.string().describe('SHA-256 of the SubjectPublicKeyInfo, hexadecimal'),
  requestKey: z.string().describe('the key of the order, for a CA that takes one'),
});

/** An order, as it is shown. */
export type ShownOrder = z.output<typeof order>;

/** Actions on orders. */
export const ORDER_ACTIONS = [
  action({
    name: 'orders.list',
    about:
      'Orders at CAs elsewhere without an answer, oldest first. `sent`: the CA will be asked; `orphan`: it may have a certificate that is recorded nowhere.',
    permission: 'view',
    route: 'GET /orders',
    input: z.object({ after: ID.optional() }),
    output: z.object({ orders: z.array(order), next: z.number().optional().describe('`after` of the next page') }),
    run: async (running) => {
      const all = await listUnknownOrders(running.desk, { limit: PAGE, after: running.input.after });
      const last = all.length === PAGE ? all.at(-1) : undefined;
      const seen = all.filter(({ endpoint }) => isAt(running, endpoint));
      return { orders: seen.map(shown), ...(last && { next: last.id }) };
    },
  }),
  action({
    name: 'orders.done',
    about: 'Says that the certificate of an order was looked for at the CA, and revoked there if there was one.',
    permission: 'operate',
    route: 'POST /orders/{id}/done',
    input: z.object({ id: ID }),
    output: z.object({ endpoint: z.string(), transactionId: z.string() }),
    run: done,
  }),
] as const;

async function done(running: Running<{ id: number }>): Promise<Pick<StoredOrder, 'endpoint' | 'transactionId'>> {
  const { id } = running.input;
  const closed = await closeOrder(byCaller(running), id, ({ endpoint }) => isAt(running, endpoint));
  if (!closed) throw new ActionError('not_found', 'no order without an answer has this id');
  const { endpoint, transactionId } = closed;
  return { endpoint, transactionId };
}

const shown = ({ at, id, state, endpoint, transactionId, publicKeyHash, requestKey }: StoredOrder): ShownOrder => ({
  id,
  state,
  sentAt: at.toISOString(),
  endpoint,
  transactionId,
  publicKeyHash,
  requestKey,
});
