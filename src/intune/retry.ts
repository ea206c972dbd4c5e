/** Bounded retries of a call inside one time limit, behind one circuit breaker. */
import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  ExponentialBackoff,
  handleType,
  handleWhen,
  type IBackoff,
  type IRetryBackoffContext,
  retry,
} from 'cockatiel';
import type { Clock } from '../core/environment.ts';
import { within } from '../core/ask.ts';
import { semaphore } from '../core/semaphore.ts';
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
 * So many validateRequests of one client are under way at once, because any sender can cause one. The next ones wait for
 * their turn, for half of their time limit at most. A notification follows a request that Intune accepted, and never waits.
 */
export const MOST_VALIDATIONS = 64;

/** For the readiness detail. `detail` is for a log; `fault`: why the tenant cannot be used. */
export type IntuneHealth = { ok: boolean; detail: string; fault?: IntuneUnreachable };

/** The retries and the breaker of one client. */
export type RetryingCalls = {
  /**
   * Runs `attempt`, again if a retry can help. Throws IntuneUnreachable, and the signal's reason on abort. `underWay`: the
   * exchange that the time limit would end now.
   */
  ask: <T>(
    hop: IntuneHop,
    attempt: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    underWay?: () => CallUnderWay | undefined,
  ) => Promise<T>;
  /** Not ok from a call or check that failed until one succeeds: a pause without calls mends nothing. */
  health: () => IntuneHealth;
  /** How a check ended. One that succeeded says nothing of a notification that failed: that one is sent again. */
  checked: (fault?: IntuneUnreachable) => void;
};

/** Makes the retries and the breaker of one client; the breaker starts closed. */
export function retryingCalls(timeouts: Timeouts, clock: Clock): RetryingCalls {
  // An abort by the caller is no fault of the service, so only IntuneUnreachable counts.
  const breaker = circuitBreaker(handleType(IntuneUnreachable), {
    breaker: new ConsecutiveBreaker(timeouts.breakAfter),
    halfOpenAfter: timeouts.breakMs,
  });
  const validations = semaphore({ permits: MOST_VALIDATIONS, queue: Infinity });
  let last: IntuneUnreachable | undefined;
  // How a call ended that was made. An abort by the caller is no fault of the service.
  const noted = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      const answer = await breaker.execute(call);
      last = undefined;
      return answer;
    } catch (error) {
      if (error instanceof IntuneUnreachable && !signal.aborted) last = error;
      throw error;
    }
  };
  // A call without its turn is no fault of the service either, so the breaker is inside.
  const inTurn = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const patience = AbortSignal.timeout(timeouts.totalMs / 2);
    const answer = await validations.run(call, AbortSignal.any([signal, patience])).catch((error: unknown) => {
      throw error === patience.reason ? noTurn(timeouts.totalMs / 2) : error;
    });
    if (answer === 'busy') throw noTurn(0);
    return answer;
  };
  return {
    async ask(hop, attempt, signal, underWay = () => undefined) {
      const limit = timeLimit(timeouts.totalMs, signal, clock);
      const call = () => noted(() => callWithRetry({ hop, attempt, limit, underWay, timeouts, clock }), signal);
      try {
        const answer = hop === 'validateRequest' ? inTurn(call, signal) : call();
        return await within(() => answer, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BrokenCircuitError) throw breakerOpenError(hop, last);
        throw error;
      }
    },
    health() {
      if (!last) return { ok: true, detail: 'Intune answers or was not called yet' };
      return { ok: false, detail: `${last.message}. ${last.remedy}`, fault: last };
    },
    checked(fault) {
      if (fault || (last && CHECKED.has(last.hop))) last = fault;
    },
  };
}

/** The time of one call: `total` aborts at its end, `either` also when the caller aborts. `deadline`: Unix time, milliseconds. */
type TimeLimit = { signal: AbortSignal; total: AbortSignal; either: AbortSignal; deadline: number };

function timeLimit(totalMs: number, signal: AbortSignal, clock: Clock): TimeLimit {
  const total = AbortSignal.timeout(totalMs);
  return { signal, total, either: AbortSignal.any([signal, total]), deadline: clock().getTime() + totalMs };
}

/** The steps that a check takes: the last one after a fault there. */
const CHECKED: ReadonlySet<IntuneHop> = new Set(['token', 'discovery', 'validateRequest']);

type RetriedCall<T> = {
  hop: IntuneHop;
  attempt: (signal: AbortSignal) => Promise<T>;
  limit: TimeLimit;
  underWay: () => CallUnderWay | undefined;
  timeouts: Timeouts;
  clock: Clock;
};

async function callWithRetry<T>({ hop, attempt, limit, underWay, timeouts, clock }: RetriedCall<T>): Promise<T> {
  const { signal, total, either, deadline } = limit;
  let fault: IntuneUnreachable | undefined;
  let ended: CallUnderWay | undefined;
  const retryable = handleWhen((error) => {
    if (error instanceof IntuneUnreachable) fault = error;
    return isRetryable(error, deadline - clock().getTime());
  });
  // At this moment: the exchanges are gone when their errors arrive.
  const name = (): void => void (ended = underWay());
  total.addEventListener('abort', name, { once: true });
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
    total.removeEventListener('abort', name);
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

const noTurn = (ms: number) =>
  new IntuneUnreachable({
    hop: 'validateRequest',
    what: `not called, because ${MOST_VALIDATIONS} calls were under way and it did not come to its turn within ${ms} ms`,
    remedy: 'Look at how long Intune takes to answer, and for a client that sends very many requests.',
    retryable: false,
  });

const breakerOpenError = (hop: IntuneHop, last: IntuneUnreachable | undefined) =>
  new IntuneUnreachable({
    hop,
    what: `not called, because the last calls failed. ${last?.message ?? ''}`.trim(),
    remedy: last?.remedy ?? 'Look at the service health.',
    retryable: false,
    cause: last,
  });
