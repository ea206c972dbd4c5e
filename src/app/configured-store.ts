/** The store that a configuration names: opened by a server, or by a command. */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { ExaminedRows } from '../core/store-faults.ts';
import type { Store } from '../core/store.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { examinePostgres } from '../store/examined-postgres.ts';
import { hasCurrentTables, openPostgresStore } from '../store/postgres.ts';
import { claimPostgres } from '../store/postgres-claim.ts';
import { heldStore } from '../store/held-store.ts';
import { announceServer } from '../store/replicas.ts';
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
  if (store.kind === 'postgres' || existsSync(store.path)) return openStore({ store });
  missing(store.path);
  return openSqliteStore({ path: ':memory:', clock: systemClock });
}

/** Looks at the whole store that a configuration file names. Where there is none, `missing` gets the path. Throws ConfigError. */
export async function* examineStore(file: string, missing: (path: string) => void): AsyncGenerator<ExaminedRows> {
  const { store } = readSections(file, ['store']);
  if (store.kind === 'postgres') yield* examinePostgres({ ...connectingTo(store), clock: systemClock });
  else if (existsSync(store.path)) yield* examineSqlite({ path: store.path, clock: systemClock });
  else missing(store.path);
}

/** Opens the store of a loaded configuration, and creates it when it is missing. Throws ConfigError. */
export const openStore = ({ store }: Pick<Config, 'store'>): Promise<Store> =>
  store.kind === 'sqlite'
    ? openSqliteStore({ path: store.path, clock: systemClock })
    : openPostgresStore(connectingTo(store));

/** How its database is reached. */
export const connectingTo = ({ place, password, secretsKeys }: PostgresConfig) => ({
  place,
  password: () => password,
  random: randomFraction,
  sealing: secretsKeys && { keys: secretsKeys, random: systemRandom },
});

const randomFraction = (): number => randomInt(2 ** 32) / 2 ** 32;

/**
 * Opens the database for one more thread of `server`, which has claimed it. `file`: where the configuration was read from. Throws
 * ConfigError.
 */
export const openSharedDatabase = (file: string, store: PostgresConfig, server: string): Promise<Store> =>
  openPostgresStore({ ...connectingTo(store), password: currentPassword(file, store), server });

/** The endpoint names in the store. */
export const recordedEndpoints = (config: Pick<Config, 'store'>): Promise<string[]> =>
  recorded(config, (store) => store.endpointNames());

/** None when the store does not exist, or when only a newer or older version can read it. */
export async function recorded<T>(config: Pick<Config, 'store'>, read: (store: Store) => Promise<T[]>): Promise<T[]> {
  if (!(await isCurrentStore(config.store))) return [];
  const store = await openStore(config);
  try {
    return await read(store);
  } finally {
    await store.close();
  }
}

/** Whether the store exists and has the schema of this version. Throws ConfigError when it cannot be read. */
export const isCurrentStore = async (store: Config['store']): Promise<boolean> =>
  store.kind === 'sqlite' ? hasCurrentSchema(store.path) : hasCurrentTables(connectingTo(store));

/** The `store` section of a database. */
export type PostgresConfig = Extract<Config['store'], { kind: 'postgres' }>;

/**
 * `file`: where the configuration was read from. `server`: the id of this server. `warn` takes what an administrator should know.
 * `clock`: of a store in a file; a database has its own.
 */
type Claiming = {
  file: string;
  server: string;
  config: Pick<Config, 'store'>;
  warn: (message: string) => void;
  clock?: Clock;
  turns?: SqliteOptions['turns'];
};

/** `assertHeld` throws while another server may use the store: then it must not be worked on, in any thread. */
export type ClaimedStore = { store: Store; assertHeld: () => void };

/**
 * Opens the store for a server. A file, or a database without `secretsKey`, belongs to one server at a time; closing it lets the next
 * one start. Throws ConfigError.
 */
export async function claimStore(claiming: Claiming): Promise<ClaimedStore> {
  const { config, warn, clock = systemClock, turns } = claiming;
  const { store } = config;
  if (store.kind === 'postgres') return claimDatabase(store, claiming);
  const open = () => openSqliteStore({ path: store.path, clock, claimed: true, warn, ...defined({ turns }) });
  return { store: await opened(claimSqlite(store.path), open), assertHeld: () => {} };
}

/** Servers with a `secretsKey` are replicas: they share the keys of their RAs, and finish the work of one that is lost. */
async function claimDatabase(store: PostgresConfig, { file, server, warn }: Claiming): Promise<ClaimedStore> {
  const connecting = { ...connectingTo(store), password: currentPassword(file, store) };
  const claimed = store.secretsKeys ? 'replicas' : 'alone';
  const claim = await claimPostgres({ ...connecting, ...(claimed === 'alone' && { warn }) }, claimed);
  const own = await opened(claim, () => openPostgresStore({ ...connecting, claimed, server, warn }));
  const { assertHeld } = claim;
  if (claimed === 'alone') return { store: heldStore(own, assertHeld), assertHeld };
  const announced = await opened({ release: () => own.close() }, async () => {
    const { leave } = await announceServer({ ...connecting, server, lost: (id) => warn(lostText(id)) });
    return { ...own, close: leave };
  });
  return { store: announced, assertHeld: () => {} };
}

const lostText = (id: string): string =>
  `store: the server ${id} of this database has given no sign of life for 40 seconds: what it had begun is finished here or by another server`;

async function closing(store: Store, release: () => void | Promise<void>): Promise<void> {
  try {
    await store.close();
  } finally {
    await release();
  }
}

async function opened(
  { release }: { release: () => void | Promise<void> },
  open: () => Promise<Store>,
): Promise<Store> {
  try {
    const store = await open();
    return { ...store, close: () => closing(store, release) };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Reads the configuration again, because the password may have been changed; the last one while that fails. */
function currentPassword(file: string, { password }: PostgresConfig): () => string | undefined {
  let last = password;
  return () => {
    try {
      const { store } = readSections(file, ['store']);
      if (store.kind === 'postgres') last = store.password;
    } catch {
      // Expected: the file is being written at this moment, or has an error that the next reload reports.
    }
    return last;
  };
}
