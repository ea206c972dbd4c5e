/** A table of keys of people. */
import type { UserKeyRow } from '../../actions/user-key-view.ts';
import { html, type Html, link } from './html.ts';
import { badge, moment } from './page-parts.ts';
import type { Visit } from './page-row.ts';
import { type Column, table } from './table-part.ts';
import { USER_KEYS_TEXTS as TEXT } from './user-keys-texts.ts';

/** Each leads to its page. */
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
