/** The store in a PostgreSQL database, which several processes may open. */
import { CompiledQuery } from 'kysely';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { placeText, type PostgresPlace } from '../core/postgres-place.ts';
import type { Store } from '../core/store.ts';
import { createStore } from './create-store.ts';
import { endLeases } from './end-leases.ts';
import type { Engine } from './engine.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { connectPostgres, type PostgresConnection } from './postgres-connection.ts';
import { postgresEngine, type PostgresEngineOptions } from './postgres-engine.ts';
import { PostgresFault } from './postgres-faults.ts';
import { sealedStore } from './sealed-store.ts';
import { sealer, type SealingKeys } from './sealer.ts';
import { assertSecretsKey, sealAgain, type SecretsCheck } from './secrets-check.ts';

/** Which database to open, and how. */
export type PostgresOptions = Pick<PostgresEngineOptions, 'place' | 'password' | 'random' | 'isolation'> & {
  clock: Clock;
  /** As in SqliteOptions: leases that an earlier server left behind end at once. */
  claimed?: boolean;
  /** Seals what can hold a challenge. */
  sealing?: SealingKeys | undefined;
  /** Takes what an administrator should know about the database. */
  warn?: ((message: string) => void) | undefined;
};

/** How long a statement may take, in milliseconds: then the connection is given up. */
const PATIENCE = 60_000;

/**
 * Opens the store and brings its schema up to date. Throws ConfigError when the database cannot be reached or used, was
 * written by a newer version, or has secrets that are sealed with another key.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { clock, claimed, warn, sealing, ...connecting } = options;
  const { place } = connecting;
  const secrets = { where: placeText(place), sealer: sealing && sealer(sealing) };
  await refusing(place, () => prepare(connecting, { warn, secrets }));
  const engine = postgresEngine({ ...connecting, patience: PATIENCE });
  if (claimed) await refusing(place, () => takeOver(engine, secrets));
  const store = createStore(engine, clock);
  return secrets.sealer ? sealedStore(store, secrets.sealer) : store;
}

async function takeOver(engine: Engine, secrets: SecretsCheck): Promise<void> {
  try {
    await endLeases(engine);
    await sealAgain(engine, secrets);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

type Preparing = Pick<PostgresOptions, 'warn'> & { secrets: SecretsCheck };

/** In connections of its own, which wait for as long as another process takes to bring the schema up to date. */
async function prepare(connecting: PostgresEngineOptions, { warn, secrets }: Preparing): Promise<void> {
  const { place } = connecting;
  const engine = postgresEngine(connecting);
  try {
    await assertUsable(engine, place, warn);
    for (const sentence of await migrate(engine, placeText(place))) warn?.(`store ${placeText(place)}: ${sentence}`);
    await assertSecretsKey(engine, secrets);
  } finally {
    await engine.close();
  }
}

type Reaching = Pick<PostgresEngineOptions, 'place' | 'password'>;

/** Milliseconds between two looks at whether the connection that holds the claim is open. */
const LOOK = 5_000;

/**
 * Makes this process the only server of the database, until `release`. Commands are not kept out. After a restart of the
 * database the claim is made again. Throws ConfigError when another server has it.
 */
export async function claimPostgres(connecting: Reaching): Promise<{ release: () => Promise<void> }> {
  const { place } = connecting;
  let held = await refusing(place, () => lockServer(connecting));
  if (!held)
    throw new ConfigError(
      `store: ${placeText(place)} belongs to another server that is running`,
      'Stop that one first, or give this one a database of its own. After a power failure of its machine the database gives it up within half a minute.',
    );
  let released = false;

  async function look(): Promise<void> {
    // Expected to fail while the database is down.
    if (!held?.isOpen()) held = await lockServer(connecting).catch(() => undefined);
    if (released) void held?.close();
    else later();
  }
  const later = (): void => void setTimeout(() => void look(), LOOK).unref();
  later();
  return {
    async release() {
      released = true;
      // The end of a connection is noticed by the server some time later. Expected to fail while the database is down.
      if (held?.isOpen()) await held.run(UNLOCK).catch(() => {});
      await held?.close();
    },
  };
}

/** The connection that holds the lock of servers; undefined when another one does. Throws PostgresFault. */
async function lockServer(connecting: Reaching): Promise<PostgresConnection | undefined> {
  const connection = await connectPostgres({ ...connecting, patience: PATIENCE });
  const query = CompiledQuery.raw(`select pg_try_advisory_lock(${SERVER_LOCK}) as mine`);
  const { rows } = await connection.run<{ mine: boolean }>(query);
  if (rows[0]?.mine === true) return connection;
  await connection.close();
  return undefined;
}

const SERVER_LOCK = 7_240_058_895;
const UNLOCK = CompiledQuery.raw(`select pg_advisory_unlock(${SERVER_LOCK})`);

/** Whether the tables of this version are there. Changes nothing. Throws ConfigError when the database cannot be used. */
export async function hasCurrentTables(connecting: Reaching): Promise<boolean> {
  return refusing(connecting.place, async () => {
    const connection = await connectPostgres({ ...connecting, patience: PATIENCE });
    try {
      const ask = <Row>(text: string) => connection.run<Row>(CompiledQuery.raw(text));
      const { rows: tables } = await ask<{ known: boolean }>(
        "select to_regclass('schema_version') is not null as known",
      );
      if (tables[0]?.known !== true) return false;
      const { rows } = await ask<{ version: number }>('select version from schema_version');
      return rows[0]?.version === MIGRATIONS.length;
    } finally {
      await connection.close();
    }
  });
}

/** PostgreSQL 15. */
const OLDEST = 150_000;

async function assertUsable(engine: Engine, place: PostgresPlace, warn: PostgresOptions['warn']): Promise<void> {
  const { rows } = await engine.db.executeQuery(
    CompiledQuery.raw(
      `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      current_setting('fsync') as fsync, current_setting('full_page_writes') as pages`,
    ),
  );
  const [said] = rows as { version: number; encoding: string; fsync: string; pages: string }[];
  if (said && said.version < OLDEST)
    throw new ConfigError(
      `store: ${placeText(place)} is a server older than PostgreSQL 15`,
      'Use PostgreSQL 15 or newer.',
    );
  if (said && said.encoding !== 'UTF8')
    throw new ConfigError(
      `store: ${placeText(place)} has the encoding ${said.encoding}, not UTF8`,
      `Create another database: create database NAME owner "${place.user}" encoding 'UTF8' template template0;`,
    );
  if (said?.fsync === 'off' || said?.pages === 'off')
    warn?.(
      `store ${placeText(place)}: the database server runs with fsync or full_page_writes off, so that a power failure can ` +
        'lose or damage what was acknowledged. Turn both on',
    );
}

async function refusing<T>(place: PostgresPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PostgresFault)) throw error;
    throw new ConfigError(`store: ${placeText(place)} cannot be used: ${error.reason}`, error.remedy, { cause: error });
  }
}
