/** Waits for what happens in its own time: another process, a job of a server, a lock of the database. */
import { setTimeout as pause } from 'node:timers/promises';

type Found<T> = T | false | undefined;

/** In milliseconds. `every`: the pause between two looks. `within`: long, because a test that passes does not wait for its end. */
type Times = { every?: number; within?: number };

/**
 * Looks at once, and again after each pause, until something is there: what is neither `false` nor `undefined` is returned.
 * Throws when nothing was there within the time. `what` is for this error: what the test waits for.
 */
export async function until<T>(
  look: () => Found<T> | Promise<Found<T>>,
  what: string | (() => string),
  { every = 50, within = 90_000 }: Times = {},
): Promise<T> {
  for (const end = performance.now() + within; ; await pause(every)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end)
      throw new Error(`not within ${within / 1_000} seconds: ${typeof what === 'string' ? what : what()}`);
  }
}

/** Asks until this is the answer. The error has the last one. */
export async function untilIs<T>(wanted: T, ask: () => Promise<T>, what: string): Promise<void> {
  let last: T;
  await until(
    async () => (last = await ask()) === wanted,
    () => `${what} is ${String(last)} and not ${String(wanted)}`,
  );
}
