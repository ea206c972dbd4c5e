/** The block list: what is on it, a form to add, a button to remove. */
import { BLOCK_ACTIONS } from '../../actions/block-actions.ts';
import { BLOCKS_TEXTS as TEXT } from './blocks-texts.ts';
import { field, form, kept } from './form-parts.ts';
import { html, type Html } from './html.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { copyable, moment, section } from './page-parts.ts';
import { may, read } from './reading.ts';
import { type Column, table } from './table-part.ts';

const [LIST, ADD, REMOVE] = BLOCK_ACTIONS;

/** `/admin/blocks`. */
export const BLOCKS_PAGE: Page = {
  path: '/admin/blocks',
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  async render(visit) {
    const { blocks } = await read(LIST, visit, {});
    return html`<p>${TEXT.about}</p>
${section(TEXT.caption, table(TEXT.caption, { columns: columnsFor(visit), rows: blocks, empty: TEXT.empty }))}
${may(visit, ADD) && section(TEXT.addTitle, addForm(visit))}`;
  },
};

/** Adding and removing. */
export const BLOCK_FORMS: readonly PageForm[] = [
  {
    path: '/admin/blocks/add',
    action: ADD.name,
    back: BLOCKS_PAGE.path,
    done: TEXT.added,
    input: ({ text }) => ({ name: text('name'), ...(text('comment') && { comment: text('comment') }) }),
    answer: () => ({ to: BLOCKS_PAGE.path }),
  },
  {
    path: '/admin/blocks/remove',
    action: REMOVE.name,
    back: BLOCKS_PAGE.path,
    done: TEXT.removed,
    input: ({ text }) => ({ name: text('name') }),
    answer: () => ({ to: BLOCKS_PAGE.path }),
  },
];

type Entry = { name: string; at: string; by: string; comment?: string | undefined };

const columnsFor = (visit: Visit): readonly Column<Entry>[] => [
  { head: TEXT.name, cell: ({ name }) => copyable(name) },
  { head: TEXT.comment, cell: ({ comment }) => comment },
  { head: TEXT.by, cell: ({ by }) => by },
  { head: TEXT.since, cell: ({ at }) => moment(new Date(at), visit.now) },
  ...(may(visit, REMOVE) ? [{ head: TEXT.action, cell: (entry: Entry) => removeForm(visit, entry) }] : []),
];

const removeForm = (visit: Visit, { name }: Entry): Html =>
  form(visit, {
    to: '/admin/blocks/remove',
    button: html`${TEXT.remove}<span class="hidden">${TEXT.removeNamed(name)}</span>`,
    body: kept('name', name),
  });

const addForm = (visit: Visit): Html =>
  form(visit, {
    to: '/admin/blocks/add',
    button: TEXT.add,
    body: [
      field({ name: 'name', label: TEXT.nameLabel, hint: TEXT.nameHint, required: true, maxlength: 600 }),
      field({ name: 'comment', label: TEXT.commentLabel, maxlength: 500 }),
    ],
  });
