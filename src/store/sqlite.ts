/** The store in one SQLite file: opening it so that what it acknowledges is durable, and copying it. */
import { chmodSync, existsSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { Examined } from './examined-pages.ts';
import { examineRows } from './examined-rows.ts';
import { endLeases } from './end-leases.ts';
import { isUsable, migrate, type SchemaStanding } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { assertPrivate, createPrivately } from './private-file.ts';
import { claimForUpgrade } from './sqlite-claim.ts';
import { sqliteEngine, type WriteTurns } from './sqlite-engine.ts';
import { DAMAGED, isBusy, remedyFor } from './sqlite-faults.ts';
import { createStore } from './create-store.ts';

/** A store that can be copied while it is in use. */
export interface SqliteStore extends Store {
  /** Writes a consistent copy of everything committed so far to `path`, mode 0600. Not for a store in memory. */
  backup(path: string): Promise<void>;
}

/** Which file to open, and how. */
export type SqliteOptions = {
  /** A file, created with mode 0600 (and its directory) when missing; or `:memory:`, gone with the process. */
  path: string;
  clock: Clock;
  /**
   * The caller has claimed the store (`claimSqlite`), so that no server can be running on it: leases that an earlier
   * server left behind end at once.
   */
  claimed?: true;
  /** For a file that other threads of this process write to. */
  turns?: WriteTurns;
  /** Takes what an administrator should know about the rows of an earlier version; a process warning by default. */
  warn?: (message: string) => void;
};

/** Octets to which the write-ahead log is cut after it has grown, because readers kept it from a checkpoint. */
const LARGEST_LOG = 16 * 1024 * 1024;

/** How long SQLite itself waits for another process that holds the lock, in milliseconds: nothing else happens then. */
const BUSY_TIMEOUT = 100;
/** The same while the file is opened, when there is nothing else to do. */
const OPENING_TIMEOUT = 5_000;

/**
 * Opens the store and brings its schema up to date. Throws ConfigError when the file cannot be opened, is open to
 * others, is not a database, cannot be used with a write-ahead log, was written by a newer version, or by an older one
 * whose server is running.
 */
export async function openSqliteStore({
  path,
  clock,
  claimed,
  turns,
  warn = emitWarning,
}: SqliteOptions): Promise<SqliteStore> {
  const database = openDatabase(path);
  try {
    const engine = sqliteEngine(database, path, turns);
    const { release } = claimed || !isOlder(database) ? UNCLAIMED : claimForUpgrade(path);
    const said = await migrate(engine, path).finally(release);
    for (const sentence of said) warn(`store ${path}: ${sentence}`);
    if (claimed) await endLeases(engine);
    return { ...createStore(engine, clock), backup: (target) => copySqlite(path, target) };
  } catch (error) {
    database.close();
    if (error instanceof ConfigError) throw error;
    throw refused(path, (error as Error).cause ?? error);
  }
}

const emitWarning = (message: string): void => process.emitWarning(message);

const UNCLAIMED = { release: () => {} };

/** Whether the file exists and has a schema that this version can use. Changes nothing. Throws ConfigError when it cannot be read. */
export function hasCurrentSchema(path: string): boolean {
  if (!existsSync(path)) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const standing = standingOf(database);
    return standing !== undefined && isUsable(standing);
  } catch (error) {
    throw refused(path, error);
  } finally {
    database?.close();
  }
}

/** What SQLite finds wrong in the file, first fault only; undefined when it is whole. Throws ConfigError when it cannot be read. */
export function faultOf(path: string): string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    const said = String(database.prepare('pragma integrity_check(1)').get()?.['integrity_check']);
    return said === 'ok' ? undefined : said;
  } catch (error) {
    throw refused(path, error);
  } finally {
    database?.close();
  }
}

/**
 * Looks at the whole store, first as SQLite does and then row by row; a server may run meanwhile. After a fault of the file no
 * row is read. Throws ConfigError when the file cannot be read, or is of another version.
 */
export async function* examineSqlite({ path, clock }: Pick<SqliteOptions, 'path' | 'clock'>): Examined {
  const what = faultOf(path);
  const faults = what === undefined ? [] : [{ table: 'file', row: path, what: `is damaged: ${what}`, remedy: DAMAGED }];
  yield { table: 'file', rows: 1, faults };
  if (faults.length > 0) return;
  if (!hasCurrentSchema(path))
    throw new ConfigError(
      `store: ${path} was written by another version of openndes`,
      'Check it with that version, or start `openndes serve` of this one once, which upgrades an older store.',
    );
  const engine = sqliteEngine(openDatabase(path), path);
  try {
    yield* examineRows(engine.db, clock().getTime());
  } finally {
    await engine.close();
  }
}

/** Whether an earlier version has written it. */
function isOlder(database: DatabaseSync): boolean {
  const { version = MIGRATIONS.length } = standingOf(database) ?? {};
  return version < MIGRATIONS.length;
}

/** Undefined for a new file. */
function standingOf(database: DatabaseSync): SchemaStanding | undefined {
  const known = database.prepare("select 1 from sqlite_schema where name = 'schema_version'").get();
  return known && (database.prepare('select * from schema_version').get() as SchemaStanding | undefined);
}

/** Opens the file with the settings that durability and secrecy need. Throws ConfigError. */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') {
      createPrivately(path);
      assertPrivate(path);
    }
    database = new DatabaseSync(path, { timeout: OPENING_TIMEOUT, enableForeignKeyConstraints: true });
    const mode = writeAhead(database);
    if (path !== ':memory:' && mode !== 'wal') throw new Error(`its journal mode is "${mode}", not "wal"`);
    database.exec('pragma synchronous = full; pragma secure_delete = on; pragma wal_autocheckpoint = 4000');
    database.exec(`pragma journal_size_limit = ${LARGEST_LOG}`);
    database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT}`);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof ConfigError ? error : refused(path, error);
  }
}

/**
 * Switches to the write-ahead log and returns the mode that is then in force. While another process switches the same
 * new file, SQLite refuses at once instead of waiting; taking the write lock waits, and the next attempt finds it done.
 */
function writeAhead(database: DatabaseSync, attempts = 5): string {
  try {
    return String(database.prepare('pragma journal_mode = wal').get()?.['journal_mode']);
  } catch (error) {
    if (attempts === 1 || !isBusy(error)) throw error;
    database.exec('begin immediate; commit');
    return writeAhead(database, attempts - 1);
  }
}

const refused = (path: string, cause: unknown): ConfigError =>
  new ConfigError(
    `store: ${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    remedyFor(cause),
    { cause },
  );

/**
 * Writes a consistent copy of the file at `path` to `target`, mode 0600, while others read and write it. Through a
 * connection of its own, so that nothing uncommitted is copied; in another thread, page by page.
 */
export async function copySqlite(path: string, target: string): Promise<void> {
  if (path === ':memory:') throw new Error('A store in memory cannot be copied: configure `store: sqlite:FILE`.');
  createPrivately(target);
  chmodSync(target, 0o600);
  const source = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT });
  try {
    // An open read transaction: otherwise SQLite begins the copy again each time another process writes.
    source.exec('begin; select count(*) from sqlite_schema');
    await backup(source, target);
  } finally {
    source.close();
  }
}
