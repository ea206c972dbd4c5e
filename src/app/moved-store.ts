/** Copies the SQLite store of a configuration into the PostgreSQL database that another one names. */
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../core/errors.ts';
import type { MovedStore, MoveProgress } from '../core/store-move.ts';
import { placeText } from '../core/postgres-place.ts';
import { openCopiedSqlite } from '../store/copied-sqlite.ts';
import { moveStore } from '../store/move-store.ts';
import { claimPostgres } from '../store/postgres-claim.ts';
import { postgresEngine } from '../store/postgres-engine.ts';
import { PostgresFault } from '../store/postgres-faults.ts';
import { sealer } from '../store/sealer.ts';
import { readSections } from './configuration-file.ts';
import { connectingTo, openStore, type PostgresConfig } from './configured-store.ts';

/** What a copy prints about itself. `path` of the SQLite file. */
export type MovedInstallation = MovedStore & { path: string };

type Told = (progress: MoveProgress) => void;

/**
 * `file`: the configuration with the SQLite store. No server may run on either. Throws ConfigError before anything is copied, and
 * Error when the copying stops: the next run goes on.
 */
export async function moveInstallation(file: string, to: Config['store'], told: Told): Promise<MovedInstallation> {
  const { store: from } = readSections(file, ['store']);
  if (from.kind !== 'sqlite')
    throw new ConfigError(
      'store migrate: the store of the configuration is a PostgreSQL database already',
      'Name the configuration with the SQLite store by `--config`. A database is copied with pg_dump.',
    );
  if (to.kind !== 'postgres')
    throw new ConfigError(
      'store migrate: the target is no PostgreSQL database',
      'Name one: `--to postgres://openndes@db.example.com/openndes`. A file of SQLite is copied by `openndes backup`.',
    );
  const source = await openCopiedSqlite(from.path);
  try {
    return { path: from.path, ...(await copyInto(to, source, told)) };
  } finally {
    await source.close();
  }
}

type Source = Awaited<ReturnType<typeof openCopiedSqlite>>;

async function copyInto(to: PostgresConfig, source: Source, told: Told): Promise<MovedStore> {
  const { sealing, ...connecting } = connectingTo(to);
  const { release } = await claimPostgres(connecting, 'alone');
  const engine = postgresEngine({ ...connecting, patience: PATIENCE });
  try {
    // Makes the tables, and compares the key.
    await (await openStore({ store: to })).close();
    const where = placeText(to.place);
    const secrets = sealing && sealer(sealing);
    return await moveStore({ from: source.db, to: engine, where, sealer: secrets, now, told });
  } catch (error) {
    throw error instanceof PostgresFault ? new MoveStopped(error) : error;
  } finally {
    await engine.close();
    await release();
  }
}

const now = (): number => performance.now();
/** Milliseconds for one page. */
const PATIENCE = 120_000;

/** The next step follows the remedy. */
class MoveStopped extends Error {
  readonly remedy: string;
  constructor(cause: PostgresFault) {
    super(cause.message, { cause });
    this.remedy = 'Then run the same command again: what is copied stays, and the rest follows.';
  }
}
