/** Bounded retries of one call inside its time limit. */
import {
  DelegateBackoff,
  ExponentialBackoff,
  handleWhen,
  type IBackoff,
  type IRetryBackoffContext,
  retry,
} from 'cockatiel';
import type { Clock } from '../core/environment.ts';
import { within } from '../core/ask.ts';
import type { CallUnderWay } from './under-way.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';

/** Milliseconds, except the two counts `retries` and `breakAfter`. */
export type Timeouts = {
  /** Time limit of one HTTP exchange. */
  callMs: number;
  /** Time limit of one call of the client, with token, discovery and all retries. */
  totalMs: number;
  /** How often a failed call is repeated. */
  retries: number;
  /** The first pause before a retry; it doubles, with jitter. */
  backoffMs: number;
  /** After so many failed calls in a row the breaker opens. */
  breakAfter: number;
  /** How long the breaker stays open before one call is tried. */
  breakMs: number;
};

/** The defaults. A device waits about a minute for its reply: validateRequest and successNotification fit into it. */
export const TIMEOUTS: Timeouts = {
  callMs: 10_000,
  totalMs: 25_000,
  retries: 2,
  backoffMs: 300,
  breakAfter: 5,
  breakMs: 30_000,
};

/**
 * The time of one call. `signal` is the caller's; `total` aborts when the time is over; `either` aborts with the first of
 * them. `deadline`: Unix time, milliseconds.
 */
export type TimeLimit = { signal: AbortSignal; total: AbortSignal; either: AbortSignal; deadline: number };

/** The time limit of a call that begins now. */
export function timeLimit(totalMs: number, signal: AbortSignal, clock: Clock): TimeLimit {
  const total = AbortSignal.timeout(totalMs);
  return { signal, total, either: AbortSignal.any([signal, total]), deadline: clock().getTime() + totalMs };
}

/** One call. `attempt` is what is repeated; `underWay`: the exchange that the time limit would end now. */
export type RetriedCall<T> = {
  hop: IntuneHop;
  attempt: (signal: AbortSignal) => Promise<T>;
  limit: TimeLimit;
  underWay: () => CallUnderWay | undefined;
  timeouts: Timeouts;
  clock: Clock;
};

/**
 * Attempts the call, and again while a retry can help. Throws IntuneUnreachable, and the signal's reason when the caller
 * aborts.
 */
export async function callWithRetry<T>({ hop, attempt, limit, underWay, timeouts, clock }: RetriedCall<T>): Promise<T> {
  const { signal, total, either, deadline } = limit;
  let fault: IntuneUnreachable | undefined;
  let ended: CallUnderWay | undefined;
  const retryable = handleWhen((error) => {
    if (error instanceof IntuneUnreachable) fault = error;
    return isRetryable(error, deadline - clock().getTime());
  });
  // Read when the time is over: the exchanges are not known any more when their errors arrive.
  const keepEnded = (): void => void (ended = underWay());
  total.addEventListener('abort', keepEnded, { once: true });
  try {
    const retries = retry(retryable, { maxAttempts: timeouts.retries, backoff: backoff(timeouts.backoffMs) });
    const begin = (): Promise<T> => {
      // A pause of cockatiel does not end with the signal.
      either.throwIfAborted();
      return attempt(either);
    };
    return await within(() => retries.execute(begin, either), either);
  } catch (error) {
    signal.throwIfAborted();
    if (!total.aborted || error instanceof IntuneUnreachable) throw error;
    throw !ended && fault ? fault : timeoutError(hop, timeouts.totalMs, ended);
  } finally {
    total.removeEventListener('abort', keepEnded);
  }
}

/** Whether a retry can help: the fault is temporary and its Retry-After ends within the `leftMs` that are left. */
export const isRetryable = (error: unknown, leftMs: number): boolean =>
  error instanceof IntuneUnreachable && error.retryable && (error.retryAfterMs ?? 0) < leftMs;

/** Exponential pauses with jitter, or the service's Retry-After where it is longer. */
function backoff(backoffMs: number) {
  type Context = IRetryBackoffContext<unknown>;
  const exponential = new ExponentialBackoff<Context>({ initialDelay: backoffMs, maxDelay: backoffMs * 8 });
  return new DelegateBackoff<Context, IBackoff<Context>>((context, previous) => {
    const state = (previous ?? exponential).next(context);
    return { state, delay: Math.max(state.duration, retryAfterOf(context.result)) };
  });
}

const retryAfterOf = (result: IRetryBackoffContext<unknown>['result']): number =>
  'error' in result && result.error instanceof IntuneUnreachable ? (result.error.retryAfterMs ?? 0) : 0;

/** The error of the time limit of one call, which names the exchange that it ended. */
const timeoutError = (hop: IntuneHop, totalMs: number, ended: CallUnderWay | undefined) =>
  new IntuneUnreachable({
    hop: ended?.hop ?? hop,
    what: ended
      ? `${ended.host} gave no answer within ${ended.ms} ms, and the ${totalMs} ms for the whole call are over`
      : `no answer within ${totalMs} ms`,
    remedy: 'Look at the network, the proxy and the service health.',
    retryable: false,
    clientRequestId: ended?.clientRequestId,
  });
