/** Which servers may use a database of PostgreSQL: one alone, or any number of replicas. */
import { CompiledQuery } from 'kysely';
import { ConfigError } from '../core/errors.ts';
import { placeText } from '../core/postgres-place.ts';
import { type Connecting, connectPostgres, type PostgresConnection } from './postgres-connection.ts';
import { refusing } from './postgres-faults.ts';

/** `alone`: no other server may use the database. `replicas`: others of this kind may. */
export type ClaimKind = 'alone' | 'replicas';
/** `assertHeld` throws while another server may use the database: the claim is lost, and could not yet be made again. */
export type PostgresClaim = { assertHeld: () => void; release: () => Promise<void> };

/** Milliseconds between two looks at whether the connection that holds the claim is open. */
const LOOK = 250;
/** Of so many looks one asks the database: an end of the connection that is not announced is noticed by this alone. */
const ASKING = 20;
/** Milliseconds for an answer. The database gives the claim up no sooner than 25 seconds after the last question. */
const PATIENCE = 8_000;

const SERVER_LOCK = 7_240_058_895;
const LOCKS: Readonly<Record<ClaimKind, { take: string; give: string }>> = {
  alone: { take: 'pg_try_advisory_lock', give: 'pg_advisory_unlock' },
  replicas: { take: 'pg_try_advisory_lock_shared', give: 'pg_advisory_unlock_shared' },
};

/** `warn` is told when the claim is lost to another server, and when it is held again. */
type Claiming = Pick<Connecting, 'place' | 'password'> & { warn?: ((message: string) => void) | undefined };

/**
 * Keeps servers out that may not use the database beside this one, until `release`. Commands are not kept out. After a
 * restart of the database the claim is made again. Throws ConfigError when another server is in the way.
 */
export async function claimPostgres(claiming: Claiming, kind: ClaimKind): Promise<PostgresClaim> {
  const { place, warn } = claiming;
  const where = placeText(place);
  const first = await refusing(place, () => lockServers(claiming, kind));
  if (!first) throw taken(where, kind);
  const claim: Claim = { held: first, reason: undefined };
  let looks = 0;
  let released = false;

  async function look(): Promise<void> {
    if (released) return;
    if (!claim.held.isOpen()) await claimAgain(claim, { ...claiming, kind, warn });
    // Expected to fail: then the connection is lost.
    else if (++looks % ASKING === 0) await claim.held.run(CompiledQuery.raw('select 1')).catch(() => {});
    if (released) void claim.held.close();
    else later();
  }
  const later = (): void => void setTimeout(() => void look(), LOOK).unref();
  later();
  return {
    assertHeld() {
      if (!claim.held.isOpen()) throw claim.reason ?? new Error(`store ${where}: ${CUT}`);
    },
    async release() {
      released = true;
      const { held } = claim;
      // The end of a connection is noticed by the server some time later. Expected to fail while the database is down.
      if (held.isOpen())
        await held.run(CompiledQuery.raw(`select ${LOCKS[kind].give}(${SERVER_LOCK})`)).catch(() => {});
      await held.close();
    },
  };
}

/** `held`: the last connection that held it. `reason`: why the next one does not yet. */
type Claim = { held: PostgresConnection; reason: Error | undefined };

async function claimAgain(claim: Claim, { warn, kind, ...reaching }: Claiming & { kind: ClaimKind }): Promise<void> {
  const where = placeText(reaching.place);
  const before = claim.reason;
  try {
    const next = await lockServers(reaching, kind);
    if (next) Object.assign(claim, { held: next, reason: undefined });
    else if (!(before instanceof ClaimLost)) claim.reason = new ClaimLost(where);
  } catch (error) {
    // Expected while the database is down. Whose it is then is not known.
    claim.reason = before instanceof ClaimLost ? before : (error as Error);
  }
  if (claim.reason instanceof ClaimLost && claim.reason !== before) warn?.(claim.reason.message);
  if (!claim.reason && before instanceof ClaimLost) warn?.(`store ${where}: this server has the database again`);
}

const CUT = 'the connection that keeps other servers out is lost, and is being made again';

/** The server goes on when the other one stops. */
class ClaimLost extends Error {
  constructor(where: string) {
    super(
      `store: ${where} belongs to another server now, which took it while this one could not reach it. Devices get 503 from ` +
        'this one until the other one stops. Stop one of the two, or give both the same `store.secretsKey`',
    );
  }
}

/** The connection that holds the lock of servers; undefined when another one is in the way. Throws PostgresFault. */
async function lockServers({ place, password }: Claiming, kind: ClaimKind): Promise<PostgresConnection | undefined> {
  const connection = await connectPostgres({ place, password, patience: PATIENCE });
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
