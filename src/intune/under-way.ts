/** The HTTP exchanges of a client that are under way, so that a time limit can name the one that it ends. */
import type { Clock } from '../core/environment.ts';
import type { HttpsCall, HttpsExchange } from './https-exchange.ts';
import type { IntuneHop } from './unreachable.ts';

/** An exchange without an answer yet; `ms` is how long it has had. */
export type CallUnderWay = { hop: IntuneHop; host: string; ms: number; clientRequestId?: string | undefined };

/**
 * The same exchange, and what is under way in it for one call of a ScepAction: its own exchange, or else a token or an
 * address that it may share with other calls. Undefined when there is none.
 */
export function watchedExchange(
  exchange: HttpsExchange,
  clock: Clock,
): { exchange: HttpsExchange; underWay: (clientRequestId: string) => CallUnderWay | undefined } {
  const running = new Map<HttpsCall, number>();
  const now = (): number => clock().getTime();
  return {
    async exchange(call, signal) {
      running.set(call, now());
      try {
        return await exchange(call, signal);
      } finally {
        running.delete(call);
      }
    },
    underWay(id) {
      const calls = [...running];
      const found = calls.find(([{ clientRequestId }]) => clientRequestId === id) ?? calls.find(isShared);
      if (!found) return undefined;
      const [{ hop, url, clientRequestId }, began] = found;
      return { hop, host: new URL(url).host, ms: now() - began, clientRequestId };
    },
  };
}

const isShared = ([{ hop }]: [HttpsCall, number]): boolean => hop === 'token' || hop === 'discovery';
