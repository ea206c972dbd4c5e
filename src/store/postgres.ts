/** The store in a PostgreSQL database, which several processes may open. */
import { CompiledQuery } from 'kysely';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { placeText, type PostgresPlace } from '../core/postgres-place.ts';
import type { Store } from '../core/store.ts';
import { assertCopied } from './copy-mark.ts';
import { createStore } from './create-store.ts';
import { endLeases } from './end-leases.ts';
import type { Engine } from './engine.ts';
import { isUsable, migrate, type SchemaStanding } from './migrate.ts';
import { addParts } from './partitions.ts';
import { connectPostgres, PATIENCE } from './postgres-connection.ts';
import { postgresEngine, type PostgresEngineOptions } from './postgres-engine.ts';
import { PostgresFault, refusing } from './postgres-faults.ts';
import type { ClaimKind } from './postgres-claim.ts';
import { databaseClock } from './database-clock.ts';
import { ownedStore } from './owned-store.ts';
import { sealedStore } from './sealed-store.ts';
import { sealer, type SealingKeys } from './sealer.ts';
import { assertSecretsKey, sealAgain, type SecretsCheck } from './secrets-check.ts';

/** Which database to open, and how. */
export type PostgresOptions = Pick<PostgresEngineOptions, 'place' | 'password' | 'random' | 'isolation'> & {
  /** That of the database when absent. */
  clock?: Clock | undefined;
  /** For a server: what it has claimed. Where it is alone, leases that an earlier server left behind end at once. */
  claimed?: ClaimKind | undefined;
  /** The id of the server that holds the leases; they end when it is lost. */
  server?: string | undefined;
  /** Seals what can hold a challenge. */
  sealing?: SealingKeys | undefined;
  /** Takes what an administrator should know about the database. */
  warn?: ((message: string) => void) | undefined;
};

/**
 * Opens the store and brings its schema up to date. Throws ConfigError when the database cannot be reached or used, was
 * written by a newer version, or has secrets that are sealed with another key.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { clock, claimed, server, warn, sealing, ...connecting } = options;
  const { place } = connecting;
  const secrets = { where: placeText(place), sealer: sealing && sealer(sealing) };
  await refusing(place, () => prepare(connecting, { warn, secrets }));
  const engine = postgresEngine({ ...connecting, patience: PATIENCE });
  const now = await refusing(place, () => begin(engine, { claimed, secrets, clock }));
  const plain = createStore(engine, now);
  const owned = server === undefined ? plain : ownedStore(plain, server);
  return secrets.sealer ? sealedStore(owned, secrets.sealer) : owned;
}

type Beginning = Pick<PostgresOptions, 'claimed' | 'clock'> & { secrets: SecretsCheck };

/** What a server does before all else. Returns the clock of the store. */
async function begin(engine: Engine, { claimed, secrets, clock }: Beginning): Promise<Clock> {
  try {
    if (claimed) await assertCopied(engine.db, secrets.where);
    if (claimed === 'alone') await endLeases(engine);
    if (claimed) await sealAgain(engine, secrets);
    return clock ?? (await databaseClock({ engine, now: sinceStart }));
  } catch (error) {
    await engine.close();
    throw error;
  }
}

const sinceStart = (): number => performance.now();

type Preparing = Pick<PostgresOptions, 'warn'> & { secrets: SecretsCheck };

/** In connections of its own, which wait for as long as another process takes to bring the schema up to date. */
async function prepare(connecting: PostgresEngineOptions, { warn, secrets }: Preparing): Promise<void> {
  const { place } = connecting;
  const engine = postgresEngine(connecting);
  try {
    await assertUsable(engine, place, warn);
    for (const sentence of await migrate(engine, placeText(place))) warn?.(`store ${placeText(place)}: ${sentence}`);
    await prepareMonths(engine, place, warn);
    await assertSecretsKey(engine, secrets);
  } finally {
    await engine.close();
  }
}

/** A month that cannot be made is no reason not to start: its rows have a place all the same. */
async function prepareMonths(engine: Engine, place: PostgresPlace, warn: PostgresOptions['warn']): Promise<void> {
  try {
    await addParts(engine);
  } catch (error) {
    if (!(error instanceof PostgresFault)) throw error;
    warn?.(
      `store ${placeText(place)}: the tables for the rows of the next months cannot be made: ${error.reason}. ` +
        `${error.remedy} Until then the rows go to certificates_default and audit_default`,
    );
  }
}

type Reaching = Pick<PostgresEngineOptions, 'place' | 'password'>;

/** Whether the tables are there, as this version can use them. Changes nothing. Throws ConfigError when the database cannot be used. */
export async function hasCurrentTables(connecting: Reaching): Promise<boolean> {
  return refusing(connecting.place, async () => {
    const connection = await connectPostgres({ ...connecting, patience: PATIENCE });
    try {
      const ask = <Row>(text: string) => connection.run<Row>(CompiledQuery.raw(text));
      const { rows: tables } = await ask<{ known: boolean }>(
        "select to_regclass('schema_version') is not null as known",
      );
      if (tables[0]?.known !== true) return false;
      const { rows } = await ask<SchemaStanding>('select * from schema_version');
      return rows[0] !== undefined && isUsable(rows[0]);
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
