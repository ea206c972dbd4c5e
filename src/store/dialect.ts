/** Everything in which the databases differ, in one table. */
import { type ColumnDefinitionBuilder, type RawBuilder, sql } from 'kysely';
import { isBusy } from './sqlite-faults.ts';

/** One row of the table. */
export type Dialect = {
  /** Starts a transaction that is going to write. */
  begin: string;
  /** First in the transaction of the migrations: what keeps other migrations out, and bounds how long it keeps others waiting. */
  beginMigration?: readonly string[];
  /** Column type of `id`, which the database counts up. */
  identity: 'integer' | 'bigserial';
  /** Makes an `id` one that is never given out twice, not even after its row is deleted. */
  neverReused: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** Statement that lets `id` go on after the highest one, where rows were inserted with ids of their own. */
  continueIds?: (table: string) => RawBuilder<unknown>;
  /** Ends the definition of a table whose rows are kept in the order of its primary key. */
  clustered?: string;
  /** Column type of octets. */
  bytes: 'blob' | 'bytea';
  /** Column type of a Moment: 64 bits. */
  moment: 'integer' | 'bigint';
  /** True when this error says that a unique index already has the value. */
  isConflict: (error: unknown) => boolean;
  /** True when the database has undone the transaction because of another one: it can run again. */
  isUndone: (error: unknown) => boolean;
  /** True when this error says that another process holds the lock just now. */
  isBusy: (error: unknown) => boolean;
};

const codeOf = (error: unknown, property: 'errcode' | 'code'): unknown =>
  error instanceof Error ? (error as Error & Record<typeof property, unknown>)[property] : undefined;

// SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY; https://www.sqlite.org/rescode.html
const SQLITE_CONFLICTS: readonly unknown[] = [2067, 1555];
// unique_violation; PostgreSQL manual, appendix A.
const POSTGRES_CONFLICT = '23505';
// serialization_failure, deadlock_detected; and feature_not_supported, by which PostgreSQL says that a prepared statement
// is older than its table: the next one is prepared anew. lock_not_available, after `lock_timeout` of a migration.
const POSTGRES_UNDONE: readonly unknown[] = ['40001', '40P01', '0A000', '55P03'];

/** Thrown where a unique index has the value, by a write that does not let the database throw. */
export class Taken extends Error {}

/** One row for each database. */
export const DIALECTS = {
  sqlite: {
    // A transaction that reads first and then writes fails at once when another process wrote in between; taking the
    // write lock at the start waits for it instead.
    begin: 'begin immediate',
    identity: 'integer',
    // SQLite would else use the largest number again; this costs one page more per write, so only where it matters.
    neverReused: (column) => column.autoIncrement(),
    clustered: 'without rowid',
    bytes: 'blob',
    moment: 'integer',
    isConflict: (error) => SQLITE_CONFLICTS.includes(codeOf(error, 'errcode')),
    isUndone: () => false,
    isBusy,
  },
  postgres: {
    begin: 'begin',
    // A statement that waits for a table lets no later one pass, so it must not wait long. Longer than deadlock_timeout (1 s),
    // after which an automatic vacuum gives way.
    beginMigration: ['select pg_advisory_xact_lock(7240058894)', "set local lock_timeout = '2s'"],
    identity: 'bigserial',
    neverReused: (column) => column,
    continueIds: (table) =>
      sql`select setval(pg_get_serial_sequence(${table}, 'id'), (select coalesce(max(id), 0) + 1 from ${sql.table(table)}), false)`,
    bytes: 'bytea',
    moment: 'bigint',
    // Another transaction may have taken it since this one looked.
    isConflict: (error) => error instanceof Taken || codeOf(error, 'code') === POSTGRES_CONFLICT,
    isUndone: (error) => POSTGRES_UNDONE.includes(codeOf(error, 'code')),
    // It waits by itself, for a connection and not for the process.
    isBusy: () => false,
  },
} as const satisfies Record<string, Dialect>;

/** Column type by the name that a dialect gives it: kysely knows `blob`, but not on PostgreSQL. */
export const columnType = (name: Dialect['bytes'] | Dialect['moment']) => sql.raw<unknown>(name);
