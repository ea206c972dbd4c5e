/** The counts of requests by hour, endpoint and outcome: one row each, to which every server adds. */
import type { CountedOutcome, HourCount } from '../core/hour-counts.ts';
import { columnType, type Dialect } from './dialect.ts';
import { sql } from 'kysely';
import type { Database } from './tables.ts';

/** Creates their table, in step 4 of the schema. */
export async function createHourCounts(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  await db.schema
    .createTable('hour_counts')
    .addColumn('hour', moment, (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('number', moment, (column) => column.notNull())
    .addPrimaryKeyConstraint('hour_counts_key', ['hour', 'endpoint', 'outcome'])
    .$call((each) => (dialect.clustered ? each.modifyEnd(sql.raw(dialect.clustered)) : each))
    .execute();
}

/** Adds to what is there. In one order, so that two servers do not wait for each other. */
export async function addHourCounts(tx: Database, counts: readonly HourCount[]): Promise<void> {
  if (counts.length === 0) return;
  const rows = counts.map((each) => ({ ...each, hour: each.hour.getTime() }));
  await tx
    .insertInto('hour_counts')
    .values(rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)))
    .onConflict((conflict) =>
      conflict
        .columns(['hour', 'endpoint', 'outcome'])
        .doUpdateSet((eb) => ({ number: eb('hour_counts.number', '+', eb.ref('excluded.number')) })),
    )
    .execute();
}

const keyOf = ({ hour, endpoint, outcome }: { hour: number; endpoint: string; outcome: CountedOutcome }): string =>
  [hour, endpoint, outcome].join('\n');

/** See HourCountStore. */
export async function findHourCounts(db: Database, since: Date): Promise<HourCount[]> {
  const rows = await db
    .selectFrom('hour_counts')
    .selectAll()
    .where('hour', '>=', since.getTime())
    .orderBy('hour')
    .orderBy('endpoint')
    .orderBy('outcome')
    .execute();
  return rows.map(({ hour, ...rest }) => ({ hour: new Date(hour), ...rest }));
}

/** See HourCountStore. */
export async function removeHourCounts(tx: Database, before: Date): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('hour_counts').where('hour', '<', before.getTime()).executeTakeFirst();
  return Number(numDeletedRows);
}
