/** The store in one SQLite file: opening it so that what it acknowledges is durable, and copying it. */
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import type { Clock } from '../core/contracts.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { migrate } from './migrate.ts';
import { sqliteEngine } from './sqlite-engine.ts';
import { isBusy, remedyFor } from './sqlite-faults.ts';
import { createStore } from './store.ts';

/** A store that can be copied while it is in use. */
export interface SqliteStore extends Store {
  /** Writes a consistent copy of everything committed so far to `path`, mode 0600. Not for a store in memory. */
  backup(path: string): Promise<void>;
}

export type SqliteOptions = {
  /** A file, created with mode 0600 (and its directory) when missing; or `:memory:`, gone with the process. */
  path: string;
  clock: Clock;
};

/** How long a write waits for another process that holds the lock, in milliseconds. */
const BUSY_TIMEOUT = 5_000;

/**
 * Opens the store and brings its schema up to date. Throws ConfigError when the file cannot be opened, is open to
 * others, is not a database, cannot be used with a write-ahead log, or was written by a newer version.
 */
export async function openSqliteStore({ path, clock }: SqliteOptions): Promise<SqliteStore> {
  const database = openDatabase(path);
  try {
    const engine = sqliteEngine(database, path);
    await migrate(engine, path);
    return { ...createStore(engine, clock), backup: (target) => copy(path, target) };
  } catch (error) {
    database.close();
    if (error instanceof ConfigError) throw error;
    throw refused(path, (error as Error).cause ?? error);
  }
}

/** Opens the file with the settings that durability and secrecy need. Throws ConfigError. */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') {
      createPrivately(path);
      assertPrivate(path);
    }
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT, enableForeignKeyConstraints: true });
    const mode = writeAhead(database);
    if (path !== ':memory:' && mode !== 'wal') throw new Error(`its journal mode is "${mode}", not "wal"`);
    database.exec('pragma synchronous = full; pragma secure_delete = on; pragma wal_autocheckpoint = 4000');
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

/** SQLite gives its log and index files the mode of the database file, so this one call covers all three. */
export function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

const OTHERS = 0o077;

/** Windows has no such bits; and who is not the owner cannot change them, nor answer for them. */
function assertPrivate(path: string): void {
  const { mode, uid } = statSync(path);
  if (process.platform === 'win32' || uid !== process.getuid?.() || !(mode & OTHERS)) return;
  throw new ConfigError(`store: ${path}: others may read or change this file`, `Run: chmod 600 ${path}*`);
}

const refused = (path: string, cause: unknown): ConfigError =>
  new ConfigError(
    `store: ${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    remedyFor(cause),
    { cause },
  );

/** Through a connection of its own, so that nothing uncommitted is copied; in another thread, page by page. */
async function copy(path: string, target: string): Promise<void> {
  if (path === ':memory:') throw new Error('A store in memory cannot be copied: configure `store: sqlite:FILE`.');
  createPrivately(target);
  chmodSync(target, 0o600);
  const source = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT });
  try {
    await backup(source, target);
  } finally {
    source.close();
  }
}
