/** The orders of lists of certificates, and where a page of one ended. */
import { type RawBuilder, sql } from 'kysely';
import type { CertificateQuery } from '../core/search-store.ts';
import type { CertificateState } from '../core/records.ts';

/** What orders and states are made from. */
export type ListedRow = { id: number; state: CertificateState; not_after: number };

/** Where a page ended. `end`: not_after, in an order by it. */
export type ListPlace = Pick<ListedRow, 'id' | 'not_after'>;

/** `newest` first, or by the end: the `soonest` first, or the `latest`. */
export type ListOrder = 'newest' | 'soonest' | 'latest';

/** See FoundCertificates. */
export function orderOf({ terms, names, state, ends }: CertificateQuery): ListOrder {
  if (terms || names) return 'newest';
  if (state === 'expired') return 'latest';
  return ends ? 'soonest' : 'newest';
}

const MARKS = { newest: 'n', soonest: 's', latest: 'l' } as const;

/** Text that says it, in this order. */
export const cursorOf = ({ id, not_after }: ListPlace, order: ListOrder): string =>
  order === 'newest' ? `${MARKS.newest}${id}` : `${MARKS[order]}${not_after}.${id}`;

/** Throws RangeError for what is no cursor of this order. */
export function cursorIn(text: string, order: ListOrder): ListPlace {
  const [, mark, not_after, id] = /^([nsl])(?:(-?\d{1,16})\.)?(\d{1,16})$/.exec(text) ?? [];
  if (mark === MARKS[order] && (order === 'newest') === (not_after === undefined))
    return { id: Number(id), not_after: Number(not_after ?? 0) };
  throw new RangeError('This is no cursor of this list.');
}

const sign = (order: ListOrder): 1 | -1 => (order === 'soonest' ? 1 : -1);

const compare = (one: ListPlace, other: ListPlace, order: ListOrder): number =>
  sign(order) * ((order === 'newest' ? 0 : one.not_after - other.not_after) || one.id - other.id);

/** Whether a row comes after this place. */
export const isAfter = (row: ListPlace, after: ListPlace | undefined, order: ListOrder): boolean =>
  after === undefined || compare(row, after, order) > 0;

/** Sorted. */
export const inOrder = (rows: readonly ListedRow[], order: ListOrder): ListedRow[] =>
  rows.toSorted((one, other) => compare(one, other, order));

/** The same as conditions; in an order by the end the first of them is one that its index finds. */
export function pastPlace(after: ListPlace | undefined, order: ListOrder): RawBuilder<unknown>[] {
  if (!after) return [];
  const { id, not_after: end } = after;
  if (order === 'newest') return [sql`id < ${id}`];
  if (order === 'soonest') return [sql`not_after >= ${end}`, sql`(not_after > ${end} or id > ${id})`];
  return [sql`not_after <= ${end}`, sql`(not_after < ${end} or id < ${id})`];
}
