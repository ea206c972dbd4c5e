/** What becomes of faults that no other code handles: they are logged, and only an exception ends the process. */
import type { Emit } from '../core/events.ts';

/**
 * From now on a rejection that nothing handles is an event and has no other effect: it belongs to one request or job,
 * whose answer does not depend on it. `failed` resolves at the first exception that nothing caught: what the process
 * holds in memory can no longer be trusted, and it must end.
 */
export function lastHandlers(emit: Emit): { failed: Promise<void> } {
  const { promise: failed, resolve } = Promise.withResolvers<void>();
  process.on('unhandledRejection', (err) => emit({ event: 'rejection-unhandled', err }));
  process.on('uncaughtException', (err) => {
    emit({ event: 'exception-uncaught', err });
    resolve();
  });
  return { failed };
}
