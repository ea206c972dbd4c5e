/** The store that a configuration names: opened by a server, or by a command. */
import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import type { ExaminedRows } from '../core/store-faults.ts';
import type { Store } from '../core/store.ts';
import { systemClock } from '../embed/system.ts';
import { examineSqlite, hasCurrentSchema, openSqliteStore, type SqliteOptions } from '../store/sqlite.ts';
import { claimSqlite } from '../store/sqlite-claim.ts';
import { readSections } from './configuration-file.ts';

/** Opens the store that a configuration file names, and creates it when it is missing. Throws ConfigError. */
export const openConfiguredStore = async (file: string): Promise<Store> => openStore(readSections(file, ['store']));

/**
 * Opens the store that a configuration file names. A store that does not exist is not created: what is read is empty then,
 * and `missing` gets the path. Throws ConfigError.
 */
export async function openExistingStore(file: string, missing: (path: string) => void): Promise<Store> {
  const { store } = readSections(file, ['store']);
  if (existsSync(store.path)) return openStore({ store });
  missing(store.path);
  return openSqliteStore({ path: ':memory:', clock: systemClock });
}

/** Looks at the whole store that a configuration file names. Where there is none, `missing` gets the path. Throws ConfigError. */
export async function* examineStore(file: string, missing: (path: string) => void): AsyncGenerator<ExaminedRows> {
  const { path } = readSections(file, ['store']).store;
  if (existsSync(path)) yield* examineSqlite({ path, clock: systemClock });
  else missing(path);
}

/** Opens the store of a loaded configuration, and creates it when it is missing. Throws ConfigError. */
export const openStore = ({ store: { path } }: Pick<Config, 'store'>): Promise<Store> =>
  openSqliteStore({ path, clock: systemClock });

/** The endpoint names in the store. */
export const recordedEndpoints = (config: Pick<Config, 'store'>): Promise<string[]> =>
  recorded(config, (store) => store.endpointNames());

/** None when the store does not exist, or when only a newer or older version can read it. */
export async function recorded<T>(config: Pick<Config, 'store'>, read: (store: Store) => Promise<T[]>): Promise<T[]> {
  if (!hasCurrentSchema(config.store.path)) return [];
  const store = await openStore(config);
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

/** Opens the store for a server, of which there may be one at a time; closing it lets the next one start. Throws ConfigError. */
export async function claimStore(
  { store: { path } }: Pick<Config, 'store'>,
  { clock = systemClock, ...options }: Partial<Pick<SqliteOptions, 'clock' | 'warn' | 'turns'>>,
): Promise<Store> {
  const { release } = claimSqlite(path);
  try {
    const store = await openSqliteStore({ path, clock, claimed: true, ...options });
    return { ...store, close: () => store.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}
