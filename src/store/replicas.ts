/** The servers of one database: each says that it is alive, and what a lost one was doing is given to the others. */
import { databaseTime } from './database-clock.ts';
import { endLeasesOf } from './end-leases.ts';
import { type Engine, transact } from './engine.ts';
import { postgresEngine, type PostgresEngineOptions } from './postgres-engine.ts';
import { refusing } from './postgres-faults.ts';
import type { Database, Moment, ServerTable } from './tables.ts';
import { tried } from './undone.ts';

/** Milliseconds between two signs of life. */
const ALIVE_EVERY = 10_000;
/** Milliseconds without a sign of life after which a server is lost: three may fail. */
const LOST_AFTER = 40_000;
/** Milliseconds between two of its own signs of life after which a server does not judge others for a while: one may fail. */
const LONGEST_GAP = 25_000;

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
  const announced = { engine, server, lost, steady: steadiness() };
  await refusing(connecting.place, () => tried(engine, () => alive(announced))).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  const end = repeat(() => alive(announced));
  return {
    async leave() {
      await end();
      // What cannot be written now ends when the others find this server lost.
      await transact(engine, (tx) => leave(tx, server)).catch(() => {});
      await engine.close();
    },
  };
}

/** Until the returned function is called, which waits for the one that has begun. */
function repeat(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const turn = (): void => {
    // Expected to fail while the database is down: afterwards this server judges no other one for a while.
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

type Announced = Pick<Announcing, 'server' | 'lost'> & { engine: Engine; steady: (now: Moment) => boolean };

/** One sign of life, and a look for servers that are lost. */
async function alive({ engine, server, lost, steady }: Announced): Promise<void> {
  const gone = await transact(engine, async (tx) => {
    const now = await databaseTime(tx);
    await tx
      .insertInto('servers')
      .values({ id: server, alive_at: now })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ alive_at: now }))
      .execute();
    return steady(now) ? removeLost(tx, now) : [];
  });
  gone.forEach(lost);
}

/**
 * Whether this server has given signs of life for so long that another one without any is lost: after an outage of the database the
 * first one to come back would else take all others for lost. At the start it may judge at once. Times are of the database.
 */
export function steadiness(): (now: Moment) => boolean {
  let last: Moment | undefined;
  let since = 0;
  return (now) => {
    const gap = last === undefined ? 0 : now - last;
    if (gap < 0 || gap > LONGEST_GAP) since = now;
    last = now;
    return now - since >= LOST_AFTER;
  };
}

/** A sign of life from the future was written before the clock of the database was set back. */
async function removeLost(tx: Database, now: Moment): Promise<string[]> {
  const silent = await tx
    .selectFrom('servers')
    .selectAll()
    .where((eb) => eb.or([eb('alive_at', '<', now - LOST_AFTER), eb('alive_at', '>', now + LOST_AFTER)]))
    .execute();
  const removed: string[] = [];
  for (const each of silent) if (await remove(tx, each)) removed.push(each.id);
  return removed;
}

/** Returns false, and ends no lease, when it has given a sign of life meanwhile, or another server has removed it. */
async function remove(tx: Database, { id, alive_at }: ServerTable): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('servers')
    .where('id', '=', id)
    .where('alive_at', '=', alive_at)
    .executeTakeFirst();
  if (numDeletedRows > 0n) await endLeasesOf(tx, id);
  return numDeletedRows > 0n;
}

/** This server stops: nothing of it runs any more. */
async function leave(tx: Database, server: string): Promise<void> {
  await tx.deleteFrom('servers').where('id', '=', server).execute();
  await endLeasesOf(tx, server);
}
