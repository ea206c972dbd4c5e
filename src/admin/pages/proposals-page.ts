/** What waits for a second person: what it is, who proposed it, and the buttons. */
import { proposalActions } from '../../actions/proposal-actions.ts';
import { form, kept } from './form-parts.ts';
import { html, type Html } from './html.ts';
import { copyable, moment, section } from './page-parts.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { PROPOSALS_TEXTS as TEXT } from './proposals-texts.ts';
import { may, read } from './reading.ts';
import { type Column, table } from './table-part.ts';

/** For their names and permissions; a form runs the action of its name. */
const [LIST, CONFIRM, WITHDRAW] = proposalActions(() => undefined);

/** `/admin/proposals`. */
export const PROPOSALS_PAGE: Page = {
  path: '/admin/proposals',
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  async render(visit) {
    const { proposals } = await read(LIST, visit, {});
    return html`<p>${TEXT.about}</p>
${section(TEXT.caption, table(TEXT.caption, { columns: columnsFor(visit), rows: proposals, empty: TEXT.empty }))}`;
  },
};

/** Confirming and withdrawing. */
export const PROPOSAL_FORMS: readonly PageForm[] = [
  {
    path: '/admin/proposals/confirm',
    action: CONFIRM.name,
    back: PROPOSALS_PAGE.path,
    done: TEXT.confirmed,
    input: ({ text }) => ({ id: text('id') }),
    answer: () => ({ to: PROPOSALS_PAGE.path }),
  },
  {
    path: '/admin/proposals/withdraw',
    action: WITHDRAW.name,
    back: PROPOSALS_PAGE.path,
    done: TEXT.withdrawn,
    input: ({ text }) => ({ id: text('id') }),
    answer: () => ({ to: PROPOSALS_PAGE.path }),
  },
];

type Proposal = { id: string; action: string; input?: unknown; by: string; at: string };

const columnsFor = (visit: Visit): readonly Column<Proposal>[] => [
  { head: TEXT.id, cell: ({ id }) => copyable(id) },
  { head: TEXT.what, cell: ({ action, input }) => html`${action} <code>${JSON.stringify(input)}</code>` },
  { head: TEXT.by, cell: ({ by }) => by },
  { head: TEXT.since, cell: ({ at }) => moment(new Date(at), visit.now) },
  ...(may(visit, CONFIRM) ? [{ head: TEXT.action, cell: (each: Proposal) => buttonsFor(visit, each) }] : []),
];

const buttonsFor = (visit: Visit, { id, action }: Proposal): Html =>
  html`${
    action === 'command' ? html`<p>${TEXT.atServer(id)}</p>` : button(visit, { id, to: 'confirm', label: TEXT.confirm })
  }${button(visit, { id, to: 'withdraw', label: TEXT.withdraw })}`;

const button = (visit: Visit, { id, to, label }: { id: string; to: string; label: string }): Html =>
  form(visit, {
    to: `/admin/proposals/${to}`,
    button: html`${label}<span class="hidden">${TEXT.of(id)}</span>`,
    body: kept('id', id),
  });
