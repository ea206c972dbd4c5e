/** Everything in which the databases differ, in one table. */
import { type ColumnDefinitionBuilder, sql } from 'kysely';
import { isBusy } from './sqlite-faults.ts';

/** One row of the table. */
export type Dialect = {
  /** As operators call it. */
  kind: 'SQLite' | 'PostgreSQL';
  /** Starts a transaction that is going to write. */
  begin: string;
  /** First in the transaction of the migrations: what keeps other migrations out, and bounds how long it keeps others waiting. */
  beginMigration?: readonly string[];
  /** Column type of `id`, which SQLite counts up; see row-ids.ts for PostgreSQL. */
  identity: 'integer' | 'bigint';
  /** Makes an `id` one that is never given out twice, not even after its row is deleted. */
  neverReused: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** Ends the definition of a table whose rows are kept in the order of its primary key. */
  clustered?: string;
  /** Ends the definition of a table that is kept in parts by id; see partitions.ts. */
  partitioned?: string;
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

const codeOf = (error: unknown, property: 'errcode' | 'code' | 'constraint'): unknown =>
  error instanceof Error ? (error as Error & Record<typeof property, unknown>)[property] : undefined;

// SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY; https://www.sqlite.org/rescode.html
const SQLITE_CONFLICTS: readonly unknown[] = [2067, 1555];
// unique_violation; PostgreSQL manual, appendix A.
const POSTGRES_CONFLICT = '23505';
// serialization_failure, deadlock_detected; and feature_not_supported, by which PostgreSQL says that a prepared statement
// is older than its table: the next one is prepared anew. lock_not_available, after `lock_timeout` of a migration.
const POSTGRES_UNDONE: readonly unknown[] = ['40001', '40P01', '0A000', '55P03'];

/** The primary keys that ids of row-ids.ts are in, of a table or of a part of it: another server has made the same id. */
const IDS =
  /^(attempts|audit|certificates|messages|notices|owed_revocations|revocation_requests|serials|transactions)_(.*_)?pkey$/;
const isIdTaken = (error: unknown): boolean =>
  codeOf(error, 'code') === POSTGRES_CONFLICT && IDS.test(String(codeOf(error, 'constraint')));

/** Thrown where a unique index has the value, by a write that does not let the database throw. */
export class Taken extends Error {}

/** One row for each database. */
export const DIALECTS = {
  sqlite: {
    kind: 'SQLite',
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
    kind: 'PostgreSQL',
    begin: 'begin',
    // A statement that waits for a table lets no later one pass, so it must not wait long. Longer than deadlock_timeout (1 s),
    // after which an automatic vacuum gives way.
    beginMigration: ['select pg_advisory_xact_lock(7240058894)', "set local lock_timeout = '2s'"],
    identity: 'bigint',
    neverReused: (column) => column,
    partitioned: 'partition by range (id)',
    bytes: 'bytea',
    moment: 'bigint',
    // Another transaction may have taken it since this one looked.
    isConflict: (error) => error instanceof Taken || (codeOf(error, 'code') === POSTGRES_CONFLICT && !isIdTaken(error)),
    isUndone: (error) => POSTGRES_UNDONE.includes(codeOf(error, 'code')) || isIdTaken(error),
    // It waits by itself, for a connection and not for the process.
    isBusy: () => false,
  },
} as const satisfies Record<string, Dialect>;

/** Column type by the name that a dialect gives it: kysely knows `blob`, but not on PostgreSQL. */
export const columnType = (name: Dialect['bytes'] | Dialect['moment']) => sql.raw<unknown>(name);
