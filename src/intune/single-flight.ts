/** Many who ask for the same thing at the same time wait for one who fetches it. */

/**
 * `work` runs once at a time, whoever asks. Its signal is nobody's: no one caller who gives up ends it for the others,
 * and its exchanges have limits of their own. The result rejects with its signal's reason when that caller gives up.
 */
export function singleFlight<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let flight: Promise<T> | undefined;
  return (signal) => {
    flight ??= work(new AbortController().signal).finally(() => {
      flight = undefined;
    });
    return abandonable(flight, signal);
  };
}

/** The promise, or the signal's reason as soon as the caller gives up. The promise itself goes on. */
export function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: given, resolve, reject } = Promise.withResolvers<T>();
  const giveUp = (): void => reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  return given;
}
