/**
 * The parts of the large tables in PostgreSQL: one for each month, because ids are ordered by time; one for all before, where
 * the rows of an SQLite installation are; and one for what no other takes, which stays empty as long as months are made in time.
 */
import { sql } from 'kysely';
import { databaseTime } from './database-clock.ts';
import { type Engine, transact } from './engine.ts';
import { firstIdOf } from './row-ids.ts';
import type { Database } from './tables.ts';

const TABLES = ['certificates', 'audit'] as const;
type Table = (typeof TABLES)[number];

/** Months that are made ahead of time. */
const AHEAD = 3;

/** A month of a table, and the ids in it: `from` to below `to`. */
type Part = { table: Table; name: string; from: number; to: number };

/** In the migration, where nothing else uses the tables. */
export async function createParts(db: Database): Promise<void> {
  const parts = partsAt(new Date(await databaseTime(db)));
  for (const table of TABLES) {
    const own = parts.filter((part) => part.table === table);
    const [first] = own;
    await sql`create table ${sql.table(`${table}_before`)} partition of ${sql.table(table)}
      for values from (minvalue) to (${sql.lit(first?.from)})`.execute(db);
    await sql`create table ${sql.table(`${table}_default`)} partition of ${sql.table(table)} default`.execute(db);
    for (const part of own) {
      await create(db, part);
      await attach(db, part);
    }
  }
}

/**
 * Makes the months that are missing, from this one on. Another server may do the same at the same time. Throws the error of
 * the database where a month cannot be made: its rows go to the default part, and everything works.
 */
export async function addParts(engine: Engine): Promise<void> {
  const missing = async (): Promise<Part[]> => missingOf(engine.db, partsAt(new Date(await databaseTime(engine.db))));
  const errors: unknown[] = [];
  for (const part of await missing())
    await transact(engine, (tx) => add(tx, part)).catch((error) => errors.push(error));
  if (errors.length > 0 && (await missing()).length > 0) throw errors[0];
}

async function missingOf(db: Database, parts: readonly Part[]): Promise<Part[]> {
  const names = sql.join(parts.map(({ name }) => sql.lit(name)));
  const { rows } = await sql<{ name: string }>`
    select name from unnest(array[${names}]) as name where to_regclass(name) is null`.execute(db);
  return parts.filter((part) => rows.some(({ name }) => name === part.name));
}

/**
 * Takes a lock of the default part, for which all that reads it must have ended, and which all that comes later waits for: so
 * it is not waited for long. Inserts and reads of other parts go on while it is held.
 */
async function add(tx: Database, part: Part): Promise<void> {
  await sql`set local lock_timeout = '100ms'`.execute(tx);
  await create(tx, part);
  await attach(tx, part);
}

const create = (db: Database, { table, name }: Part) =>
  sql`create table ${sql.table(name)} (like ${sql.table(table)} including all)`.execute(db);

/** Unlike `create table … partition of`, this keeps no write of the whole table out. */
const attach = (db: Database, { table, name, from, to }: Part) =>
  sql`alter table ${sql.table(table)} attach partition ${sql.table(name)}
    for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(db);

/** This month and those ahead. */
export function partsAt(now: Date): Part[] {
  const firstOf = (months: number): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  return Array.from({ length: AHEAD + 1 }, (_, months) => ({
    month: firstOf(months).toISOString().slice(0, 7).replace('-', '_'),
    from: firstIdOf(firstOf(months).getTime()),
    to: firstIdOf(firstOf(months + 1).getTime()),
  })).flatMap(({ month, ...range }) => TABLES.map((table) => ({ table, name: `${table}_${month}`, ...range })));
}
