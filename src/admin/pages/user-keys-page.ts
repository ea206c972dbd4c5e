/** Keys of people: a search, and the list. */
import { USER_KEY_ACTIONS } from '../../actions/user-key-actions.ts';
import type { UserKeyRow } from '../../actions/user-key-view.ts';
import { PFX_PURPOSES } from '../../core/imported-pfx.ts';
import { USER_KEY_STATES } from '../../core/user-key-store.ts';
import { choice, field, searchForm } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import { badge, moment, section } from './page-parts.ts';
import type { Page, Visit } from './page-row.ts';
import { read } from './reading.ts';
import { type Column, pager, table } from './table-part.ts';
import { USER_KEYS_TEXTS as TEXT } from './user-keys-texts.ts';

const [LIST] = USER_KEY_ACTIONS;
const PATH = '/admin/user-keys';
const ROWS = 50;

/** `/admin/user-keys`. */
export const USER_KEYS_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: LIST.permission,
  isOffered: ({ userKeys }) => userKeys?.isConfigured ?? false,
  async render(visit) {
    const asked = askedIn(visit.query);
    const cursor = visit.query.get('cursor') || undefined;
    const { keys, next } = await read(LIST, visit, { ...asked, limit: ROWS, cursor });
    const to = (more: Record<string, string>): string => link(PATH, { ...asked, ...more });
    return html`<p>${TEXT.about}</p>
${searchFor(asked)}
${section(TEXT.caption, userKeyTable(TEXT.caption, keys, { ...visit, empty: TEXT.empty }))}
${pager({ first: cursor && to({}), next: next && to({ cursor: next }) })}`;
  },
};

type Asked = Pick<Parameters<typeof LIST.run>[0]['input'], 'user' | 'state' | 'purpose' | 'endsBefore'>;

function askedIn(query: URLSearchParams): Asked {
  const text = (name: string): string | undefined => query.get(name)?.trim() || undefined;
  return {
    user: text('user'),
    state: USER_KEY_STATES.find((each) => each === text('state')),
    purpose: PFX_PURPOSES.find((each) => each === text('purpose')),
    endsBefore: text('endsBefore'),
  };
}

const searchFor = ({ user = '', state, purpose, endsBefore = '' }: Asked): Html =>
  searchForm(PATH, {
    button: TEXT.search,
    body: html`<div class="filters">${[
      field({ name: 'user', label: TEXT.user, hint: TEXT.userHint, kind: 'search', value: user, maxlength: 300 }),
      choice({ name: 'state', label: TEXT.state, value: state ?? '' }, [
        ['', TEXT.any],
        ...USER_KEY_STATES.map((each) => [each, TEXT.states[each].words] as const),
      ]),
      choice({ name: 'purpose', label: TEXT.purpose, value: purpose ?? '' }, [
        ['', TEXT.any],
        ...PFX_PURPOSES.map((each) => [each, TEXT.purposes[each]] as const),
      ]),
      field({ name: 'endsBefore', label: TEXT.endsBefore, kind: 'date', value: endsBefore }),
    ]}</div>`,
  });

/** A table of keys; each leads to its page. */
export const userKeyTable = (
  caption: string,
  rows: readonly UserKeyRow[],
  { now, empty }: Pick<Visit, 'now'> & { empty: string },
): Html => table(caption, { columns: columnsAt(now), rows, empty });

const columnsAt = (now: Date): readonly Column<UserKeyRow>[] => [
  { head: TEXT.user, cell: ({ user, id }) => html`<a href="${link('/admin/user-key', { id })}">${user}</a>` },
  { head: TEXT.purpose, cell: ({ purpose }) => TEXT.purposes[purpose] },
  { head: TEXT.state, cell: userKeyBadge },
  { head: TEXT.ends, cell: ({ ends }) => ends !== undefined && moment(new Date(ends), now) },
  { head: TEXT.tenant, cell: ({ tenant }) => tenant },
  { head: TEXT.fault, cell: ({ fault }) => fault },
];

/** A state in words. One whose certificate is revoked says so. */
export const userKeyBadge = ({ state, revokedAt }: Pick<UserKeyRow, 'state' | 'revokedAt'>): Html => {
  const { look, words } = TEXT.states[state];
  return html`${badge(look, words)}${revokedAt !== undefined && html` ${badge('bad', TEXT.revoked)}`}`;
};
