/** The servers of one database: each says that it is alive, and what a lost one was doing is given to the others. */
import { databaseTime } from './database-clock.ts';
import { endLeasesOf } from './end-leases.ts';
import { type Engine, transact } from './engine.ts';
import { postgresEngine, type PostgresEngineOptions } from './postgres-engine.ts';
import { refusing } from './postgres-faults.ts';
import type { Database } from './tables.ts';

/** Milliseconds between two signs of life. */
const ALIVE_EVERY = 10_000;
/** Milliseconds without a sign of life after which a server is lost: three may fail. */
const LOST_AFTER = 40_000;

/** Milliseconds after which a sign of life without an answer is given up, and the connection with it. */
const PATIENCE = 8_000;

/** `server`: the id of this one. `lost` is called with the id of a server that is lost. */
export type Announcing = Omit<PostgresEngineOptions, 'patience'> & { server: string; lost: (server: string) => void };

/**
 * Announces this server until `leave`, which ends its leases. It has a connection of its own, so that a queue of writes does
 * not make it late. Throws ConfigError when the first sign of life cannot be written.
 */
export async function announceServer(announcing: Announcing): Promise<{ leave: () => Promise<void> }> {
  const { server, lost, ...connecting } = announcing;
  const engine = postgresEngine({ ...connecting, patience: PATIENCE });
  const announced = { engine, server, lost };
  await refusing(connecting.place, () => alive(announced)).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  const end = repeat(() => alive(announced));
  return {
    async leave() {
      await end();
      // What cannot be written now ends when the others find this server lost.
      await transact(engine, (tx) => remove(tx, server)).catch(() => {});
      await engine.close();
    },
  };
}

/** Until the returned function is called, which waits for the one that has begun. */
function repeat(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const turn = (): void => {
    // Expected to fail while the database is down: then no other server writes either.
    running ??= work()
      .catch(() => {})
      .finally(() => (running = undefined));
  };
  const timer = setInterval(turn, ALIVE_EVERY).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

type Announced = Pick<Announcing, 'server' | 'lost'> & { engine: Engine };

/** One sign of life, and a look for servers that are lost. */
async function alive({ engine, server, lost }: Announced): Promise<void> {
  const gone = await transact(engine, async (tx) => {
    const now = await databaseTime(tx);
    await tx
      .insertInto('servers')
      .values({ id: server, alive_at: now })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ alive_at: now }))
      .execute();
    const others = await lostServers(tx, now);
    for (const id of others) await remove(tx, id);
    return others;
  });
  gone.forEach(lost);
}

/** A sign of life from the future was written before the clock of the database was set back. */
async function lostServers(tx: Database, now: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('servers')
    .select('id')
    .where((eb) => eb.or([eb('alive_at', '<', now - LOST_AFTER), eb('alive_at', '>', now + LOST_AFTER)]))
    .execute();
  return rows.map(({ id }) => id);
}

async function remove(tx: Database, server: string): Promise<void> {
  await tx.deleteFrom('servers').where('id', '=', server).execute();
  await endLeasesOf(tx, server);
}
