/** Rows of a span of time, in a table whose ids grow with time and that has no index of times. */
import { type RawBuilder, sql } from 'kysely';
import type { Span } from '../core/search-store.ts';
import { MINUTE } from '../core/durations.ts';
import type { IdSpan } from './search-drivers.ts';
import type { Database } from './tables.ts';

/** Clocks of servers differ, and a row is committed later than it is dated: by less than this. */
const SLACK = 10 * MINUTE;

/** A table, and when a row of it was recorded. */
export type Dated = { table: 'certificates' | 'audit'; moment: RawBuilder<number> };

/** Ids among which all rows of the span are; others of the minutes beside it are among them too. */
export async function idsOf(db: Database, dated: Dated, { from, before }: Span): Promise<IdSpan> {
  return {
    ...(from && { from: await firstSince(db, dated, from.getTime() - SLACK) }),
    ...(before && { before: await firstSince(db, dated, before.getTime() + SLACK) }),
  };
}

type Id = { id: number };

/** The lowest id from which on rows are of this moment or later, found by halves; one more than the last where none is. */
async function firstSince(db: Database, { table, moment }: Dated, at: number): Promise<number> {
  const { rows: lowest } = await sql<Id>`select id from ${sql.table(table)} order by id limit 1`.execute(db);
  const { rows: highest } = await sql<Id>`select id from ${sql.table(table)} order by id desc limit 1`.execute(db);
  let [first, end] = [lowest[0]?.id ?? 0, (highest[0]?.id ?? 0) + 1];
  while (first < end) {
    const middle = first + Math.floor((end - first) / 2);
    const { rows } = await sql<{ id: number; at: number }>`select id, ${moment} as at from ${sql.table(table)}
      where id >= ${middle} order by id limit 1`.execute(db);
    const [row] = rows;
    if (row && row.at < at) first = row.id + 1;
    else end = middle;
  }
  return first;
}
