/** Joins concurrent calls for the same thing into one. */
import { within } from '../core/ask.ts';

/**
 * A function that starts `work` unless it is running already, and resolves or rejects as that run does. A caller whose
 * signal is aborted gets the signal's reason at once. The run is not tied to a caller's signal, so one abort does not
 * cancel it for the rest; `work` has to limit its own time. The result is not kept: the next call starts `work` again.
 */
export function singleFlight<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let running: Promise<T> | undefined;
  return (signal) => {
    running ??= work(new AbortController().signal).finally(() => {
      running = undefined;
    });
    const current = running;
    return within(() => current, signal);
  };
}
