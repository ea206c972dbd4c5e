/** Messages by webhook and mail: whether each was delivered, a button to send it now, and a test. */
import { MESSAGE_ACTIONS } from '../../actions/message-actions.ts';
import { field, form, kept } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import { MESSAGES_TEXTS as TEXT } from './messages-texts.ts';
import { badge, moment, section } from './page-parts.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { may, read } from './reading.ts';
import { type Column, pager, table } from './table-part.ts';

const [LIST, RETRY, TEST] = MESSAGE_ACTIONS;

/** `/admin/messages`. */
export const MESSAGES_PAGE: Page = {
  path: '/admin/messages',
  title: TEXT.title,
  menu: TEXT.title,
  permission: LIST.permission,
  async render(visit) {
    const before = Number(visit.query.get('before')) || undefined;
    const { messages, next } = await read(LIST, visit, before === undefined ? {} : { before });
    const here = MESSAGES_PAGE.path;
    const rows = { columns: columnsFor(visit), rows: messages, empty: TEXT.empty };
    return html`<p>${TEXT.about}</p>
${section(TEXT.caption, table(TEXT.caption, rows))}
${pager({ first: before ? here : undefined, next: next ? link(here, { before: String(next) }) : undefined })}
${may(visit, TEST) && section(TEXT.testTitle, testForm(visit))}`;
  },
};

/** Sending again, and the test. */
export const MESSAGE_FORMS: readonly PageForm[] = [
  {
    path: '/admin/messages/retry',
    action: RETRY.name,
    back: MESSAGES_PAGE.path,
    done: TEXT.retried,
    // Without an id all would be sent.
    input: ({ text }) => ({ id: text('id') }),
    answer: () => ({ to: MESSAGES_PAGE.path }),
  },
  {
    path: '/admin/messages/test',
    action: TEST.name,
    back: MESSAGES_PAGE.path,
    done: TEXT.tested,
    input: ({ text }) => ({ receiver: text('receiver') }),
    answer: () => ({ to: MESSAGES_PAGE.path }),
  },
];

type Listed = Awaited<ReturnType<typeof LIST.run>>['messages'][number];

const columnsFor = (visit: Visit): readonly Column<Listed>[] => [
  { head: TEXT.receiver, cell: ({ receiver }) => receiver },
  { head: TEXT.kind, cell: ({ kind }) => kind },
  { head: TEXT.at, cell: ({ createdAt }) => moment(new Date(createdAt), visit.now) },
  { head: TEXT.state, cell: ({ state }) => badge(TEXT.states[state].look, TEXT.states[state].words) },
  { head: TEXT.attempts, cell: ({ attempts }) => String(attempts), numeric: true },
  { head: TEXT.error, cell: ({ lastError }) => lastError },
  ...(may(visit, RETRY) ? [{ head: TEXT.action, cell: (each: Listed) => retryForm(visit, each) }] : []),
];

const retryForm = (visit: Visit, { id, state }: Listed): Html | false =>
  state !== 'delivered' &&
  form(visit, {
    to: '/admin/messages/retry',
    button: html`${TEXT.retry}<span class="hidden">${TEXT.retryNamed(id)}</span>`,
    body: kept('id', String(id)),
  });

const testForm = (visit: Visit): Html =>
  form(visit, {
    to: '/admin/messages/test',
    button: TEXT.test,
    body: field({
      name: 'receiver',
      label: TEXT.receiverLabel,
      hint: TEXT.receiverHint,
      required: true,
      maxlength: 200,
    }),
  });
