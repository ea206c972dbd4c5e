/** Waits for what ends a server: a signal, or a fault of its own. */
import { lastHandlers } from '../app/last-handlers.ts';
import { within } from '../core/ask.ts';
import type { Emit } from '../core/events.ts';
import { shutdownDeadline } from '../embed/system.ts';
import { EXIT } from './exit.ts';

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once with exit code 130. */
export const untilStopped = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.removeListener(signal, stop);
        process.once(signal, () => process.exit(130));
      }
      resolve();
    };
    process.once('SIGTERM', stop).once('SIGINT', stop);
  });

/**
 * Keeps a SIGHUP that comes while a server starts and would end the process. The returned function says whether one came,
 * and stops keeping. In a terminal nothing is kept, see `onHangup`.
 */
export function keepHangup(): () => boolean {
  if (process.stderr.isTTY) return () => false;
  let came = false;
  const note = (): void => void (came = true);
  process.on('SIGHUP', note);
  return () => {
    process.removeListener('SIGHUP', note);
    return came;
  };
}

/** A server that this process runs. */
type Stoppable = {
  emit: Emit;
  reload?: () => Promise<void>;
  /** What comes before its end when a signal ends it. */
  drain?: () => Promise<void>;
  close: () => Promise<void>;
};

/**
 * Waits for the signal, or for `ended`, and drains and closes the server; until then, SIGHUP calls its `reload`, also one that
 * `kept` tells of. After an exception that nothing caught there is no drain, the server gets 20 seconds for its running requests,
 * and the process ends with exit code 1.
 */
export async function serveUntilStopped(
  server: Stoppable,
  { kept = () => false, ended }: { kept?: () => boolean; ended?: Promise<void> } = {},
): Promise<void> {
  const { failed } = lastHandlers(server.emit);
  const stopReloading = onHangup(server.reload);
  if (kept()) void server.reload?.();
  const ends = [untilStopped(), failed.then(() => 'failed'), ...(ended ? [ended] : [])];
  const end = await Promise.race(ends);
  stopReloading();
  if (end !== 'failed') {
    await Promise.race([server.drain?.(), failed]);
    return server.close();
  }
  await within(() => server.close(), shutdownDeadline()).catch((err: unknown) =>
    server.emit({ event: 'exception-uncaught', err }),
  );
  process.exit(EXIT.failed);
}

/**
 * Calls `reload`, if there is one, at every SIGHUP, until the returned function is called. In a terminal, which sends SIGHUP when it is
 * closed, the signal ends the process as usual.
 */
function onHangup(reload: Stoppable['reload']): () => void {
  if (!reload || process.stderr.isTTY) return () => {};
  const hangup = () => void reload();
  process.on('SIGHUP', hangup);
  // A SIGHUP while the server stops must not end it before its requests.
  return () => void process.removeListener('SIGHUP', hangup).on('SIGHUP', () => {});
}
