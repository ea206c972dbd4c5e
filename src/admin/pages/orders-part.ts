/** Orders at CAs elsewhere without an answer: a part of the page of authorities, and the form that says that one was looked at. */
import { ORDER_ACTIONS, type ShownOrder } from '../../actions/order-actions.ts';
import { form, kept } from './form-parts.ts';
import { html, type Html, link, type Piece } from './html.ts';
import { ORDERS_TEXTS as TEXT } from './orders-texts.ts';
import { badge, copyable, moment, section } from './page-parts.ts';
import type { PageForm, Visit } from './page-row.ts';
import { may, read } from './reading.ts';
import { type Column, table } from './table-part.ts';

const [LIST, DONE] = ORDER_ACTIONS;

const BACK = '/admin/authorities';

/** Saying that the certificate was looked for. */
export const ORDER_FORMS: readonly PageForm[] = [
  {
    path: '/admin/orders/done',
    action: DONE.name,
    back: BACK,
    done: TEXT.closed,
    input: ({ text }) => ({ id: text('id') }),
    answer: () => ({ to: BACK }),
  },
];

/** Nothing where there is none. `orders-after` of the query: the id of the last one of the page before. */
export async function ordersPart(visit: Visit): Promise<Piece> {
  const after = visit.query.get('orders-after');
  const { orders, next } = await read(LIST, visit, after === null ? {} : { after: Number(after) });
  if (orders.length === 0 && next === undefined) return false;
  const rows = table(TEXT.title, { columns: columnsFor(visit), rows: orders });
  const more =
    next !== undefined && html`<p><a href="${link(BACK, { 'orders-after': String(next) })}">${TEXT.more}</a></p>`;
  return section(TEXT.title, [html`<p>${TEXT.about}</p>`, rows, more], 'orders');
}

const columnsFor = (visit: Visit): readonly Column<ShownOrder>[] => [
  { head: TEXT.state, cell: ({ state }) => badge(state === 'orphan' ? 'attention' : 'neutral', TEXT.states[state]) },
  { head: TEXT.sent, cell: ({ sentAt }) => moment(new Date(sentAt), visit.now) },
  { head: TEXT.endpoint, cell: ({ endpoint }) => endpoint },
  { head: TEXT.transaction, cell: ({ transactionId }) => copyable(transactionId) },
  { head: TEXT.known, cell: knownBy },
  ...(may(visit, DONE) ? [{ head: TEXT.action, cell: (row: ShownOrder) => doneForm(visit, row) }] : []),
];

/** Both in one column: the table fits beside the navigation. */
const knownBy = ({ publicKeyHash, requestKey }: ShownOrder): Html =>
  html`${TEXT.publicKey}<br>${copyable(publicKeyHash)}<br>${TEXT.order}<br>${copyable(requestKey)}`;

const doneForm = (visit: Visit, { id, transactionId }: ShownOrder): Html =>
  form(visit, {
    to: '/admin/orders/done',
    button: html`${TEXT.done}<span class="hidden">${TEXT.doneNamed(transactionId)}</span>`,
    body: kept('id', String(id)),
  });
