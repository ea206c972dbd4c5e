/**
 * Searches over certificates, each in a bounded amount of work: where an index names few, those are read; otherwise
 * certificates are read in the order of the list, a bounded number for each call.
 */
import { sql } from 'kysely';
import {
  type BoundedCount,
  type CertificateQuery,
  type FoundCertificates,
  type SearchPage,
  SHOWN_STATES,
  type ShownState,
} from '../core/search-store.ts';
import { fromRow, selectCertificates } from './certificate-rows.ts';
import { padded } from './chained-entries.ts';
import { type Dated, idsOf } from './id-spans.ts';
import { countNext, fewest, matching, MOST, stepThrough, type Walked } from './bounded-reads.ts';
import { cursorIn, cursorOf, inOrder, isAfter, type ListedRow, orderOf } from './search-order.ts';
import { driversOf, type IdSpan } from './search-drivers.ts';
import type { Database } from './tables.ts';

const DATED: Dated = { table: 'certificates', moment: sql<number>`coalesce(imported_at, issued_at)` };

/** See SearchStore. */
export async function searchCertificates(
  db: Database,
  query: CertificateQuery,
  { limit, cursor }: SearchPage,
): Promise<FoundCertificates> {
  const order = orderOf(query);
  const after = cursor === undefined ? undefined : cursorIn(cursor, order);
  const ids = query.recorded ? await idsOf(db, DATED, query.recorded) : {};
  const few = await fewest(db, driversOf(db, query, ids));
  const { rows, examined } = few
    ? {
        rows: inOrder(await matching(db, few, query), order).filter((row) => isAfter(row, after, order)),
        examined: undefined,
      }
    : await stepThrough(db, { query, ids, after, enough: limit });
  const page = rows.slice(0, limit);
  const next = rows.length > limit ? page.at(-1) : examined;
  return { certificates: await whole(db, page), ...(next && { next: cursorOf(next, order) }) };
}

/** See SearchStore. */
export async function countByState(db: Database, query: CertificateQuery): Promise<Record<ShownState, BoundedCount>> {
  const { state: _, ...all } = query;
  const ids = query.recorded ? await idsOf(db, DATED, query.recorded) : {};
  const few = await fewest(db, driversOf(db, all, ids));
  const read = few ? { rows: await matching(db, few, all), examined: undefined } : await namedRows(db, all, ids);
  const counts: [ShownState, BoundedCount][] = [];
  for (const state of SHOWN_STATES)
    counts.push([state, read ? of(read, state, query.now) : await atLeast(db, { ...all, state }, ids)]);
  return Object.fromEntries(counts) as Record<ShownState, BoundedCount>;
}

/** What other tables name is read once for all states; undefined where the query asks for no names. */
const namedRows = async (db: Database, query: CertificateQuery, ids: IdSpan): Promise<Walked | undefined> =>
  query.terms || query.names ? stepThrough(db, { query, ids, enough: MOST }) : undefined;

const of = ({ rows, examined }: Walked, state: ShownState, now: Date): BoundedCount => ({
  number: rows.filter((row) => shown(row, now) === state).length,
  more: examined !== undefined,
});

const shown = ({ state, not_after }: ListedRow, now: Date): ShownState =>
  state === 'delivered' && not_after < now.getTime() ? 'expired' : state;

async function atLeast(db: Database, query: CertificateQuery, ids: IdSpan): Promise<BoundedCount> {
  const few = await fewest(db, driversOf(db, query, ids));
  if (few) return { number: (await matching(db, few, query)).length, more: false };
  return countNext(db, { query, ids });
}

/** The certificates in these rows, in this order. */
async function whole(db: Database, page: readonly ListedRow[]): Promise<FoundCertificates['certificates']> {
  if (page.length === 0) return [];
  const rows = await selectCertificates(db)
    .where('certificates.id', 'in', padded(page.map(({ id }) => id)))
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return page.flatMap(({ id }) => {
    const row = byId.get(id);
    return row ? [fromRow(row)] : [];
  });
}
