/** The time by the clock of the database, so that servers whose own clocks differ agree on when a lease is over. */
import { CompiledQuery } from 'kysely';
import type { Clock } from '../core/environment.ts';
import type { Engine } from './engine.ts';
import type { Database } from './tables.ts';

/** Milliseconds after which it is asked again. */
const ASKED_EVERY = 30_000;
/** Milliseconds. An answer that took longer tells too little. */
const LONGEST_QUESTION = 2_000;

const QUESTION = CompiledQuery.raw('select (extract(epoch from clock_timestamp()) * 1000)::bigint as now');

/** The time of the database, in milliseconds since 1970. */
export async function databaseTime(db: Database): Promise<number> {
  const { rows } = await db.executeQuery<{ now: number }>(QUESTION);
  const [row] = rows;
  if (!row) throw new Error('The database did not answer what time it is.');
  return row.now;
}

/** `now`: milliseconds by a clock of this process that is never set. */
type Asking = { engine: Pick<Engine, 'db'>; now: () => number };

/**
 * The clock of a database that was asked. Between two questions it goes by `now`. While the database does not answer, it goes on
 * so. Throws what the first question throws.
 */
export async function databaseClock({ engine, now }: Asking): Promise<Clock> {
  let known: { at: number; time: number } | undefined;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    const began = now();
    const time = await databaseTime(engine.db);
    const took = now() - began;
    if (!known || took <= LONGEST_QUESTION) known = { at: began + took / 2, time };
  }
  const askAgain = (): void => {
    // Expected to fail while the database is down.
    asking ??= ask()
      .catch(() => {})
      .finally(() => (asking = undefined));
  };

  await ask();
  return () => {
    const { at, time } = known ?? { at: now(), time: 0 };
    const since = now() - at;
    if (since > ASKED_EVERY) askAgain();
    return new Date(time + since);
  };
}
