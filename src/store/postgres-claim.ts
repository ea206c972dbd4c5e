/** Which servers may use a database of PostgreSQL: one alone, or any number of replicas. */
import { CompiledQuery } from 'kysely';
import { ConfigError } from '../core/errors.ts';
import { placeText } from '../core/postgres-place.ts';
import { type Connecting, connectPostgres, PATIENCE, type PostgresConnection } from './postgres-connection.ts';
import { refusing } from './postgres-faults.ts';

/** `alone`: no other server may use the database. `replicas`: others of this kind may. */
export type ClaimKind = 'alone' | 'replicas';
/** Milliseconds between two looks at whether the connection that holds the claim is open. */
const LOOK = 5_000;

const SERVER_LOCK = 7_240_058_895;
const LOCKS: Readonly<Record<ClaimKind, { take: string; give: string }>> = {
  alone: { take: 'pg_try_advisory_lock', give: 'pg_advisory_unlock' },
  replicas: { take: 'pg_try_advisory_lock_shared', give: 'pg_advisory_unlock_shared' },
};

type Reaching = Pick<Connecting, 'place' | 'password'>;

/**
 * Keeps servers out that may not use the database beside this one, until `release`. Commands are not kept out. After a
 * restart of the database the claim is made again. Throws ConfigError when another server is in the way.
 */
export async function claimPostgres(connecting: Reaching, kind: ClaimKind): Promise<{ release: () => Promise<void> }> {
  const { place } = connecting;
  let held = await refusing(place, () => lockServers(connecting, kind));
  if (!held) throw taken(placeText(place), kind);
  let released = false;

  async function look(): Promise<void> {
    if (released) return;
    // Expected to fail while the database is down.
    if (!held?.isOpen()) held = await lockServers(connecting, kind).catch(() => undefined);
    if (released) void held?.close();
    else later();
  }
  const later = (): void => void setTimeout(() => void look(), LOOK).unref();
  later();
  return {
    async release() {
      released = true;
      // The end of a connection is noticed by the server some time later. Expected to fail while the database is down.
      if (held?.isOpen())
        await held.run(CompiledQuery.raw(`select ${LOCKS[kind].give}(${SERVER_LOCK})`)).catch(() => {});
      await held?.close();
    },
  };
}

/** The connection that holds the lock of servers; undefined when another one is in the way. Throws PostgresFault. */
async function lockServers(connecting: Reaching, kind: ClaimKind): Promise<PostgresConnection | undefined> {
  const connection = await connectPostgres({ ...connecting, patience: PATIENCE });
  const query = CompiledQuery.raw(`select ${LOCKS[kind].take}(${SERVER_LOCK}) as mine`);
  const { rows } = await connection.run<{ mine: boolean }>(query);
  if (rows[0]?.mine === true) return connection;
  await connection.close();
  return undefined;
}

const GIVEN_UP = 'After a power failure of its machine the database gives it up within half a minute.';

const taken = (where: string, kind: ClaimKind): ConfigError =>
  kind === 'alone'
    ? new ConfigError(
        `store: ${where} belongs to another server that is running`,
        `Stop that one first, give this one a database of its own, or give both the same \`store.secretsKey\`: several servers then share the database. ${GIVEN_UP}`,
      )
    : new ConfigError(
        `store: ${where} belongs to another server that is running, and that has no \`store.secretsKey\``,
        `Stop that one first, and start it again with the \`secretsKey\` that this one has. ${GIVEN_UP}`,
      );
