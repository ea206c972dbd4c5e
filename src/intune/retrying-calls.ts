/** The calls of one client: each with its retries, a bound on those under way, and one circuit breaker over all of them. */
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleType } from 'cockatiel';
import type { Clock } from '../core/environment.ts';
import { within } from '../core/ask.ts';
import { semaphore } from '../core/semaphore.ts';
import { callWithRetry, timeLimit, type Timeouts } from './retry.ts';
import type { CallUnderWay } from './under-way.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';

/**
 * So many validateRequests of one client are under way at once, because any sender can cause one. The next ones wait for
 * their turn, for half of their time limit at most. A notification follows a request that Intune accepted, and never waits.
 */
const MOST_VALIDATIONS = 64;

/**
 * For the readiness detail. `detail` is for a log; `fault`: why the tenant cannot be used. `notification`: how the last
 * notification failed; with it alone `ok` is true, because the tenant may take the next one.
 */
export type IntuneHealth = {
  ok: boolean;
  detail: string;
  fault?: IntuneUnreachable;
  notification?: FailedNotification;
};

/** `since`: of the notifications that failed without one that was answered between them, the time of the first. */
export type FailedNotification = { fault: IntuneUnreachable; since: Date };

/** `closed`: calls are made. `open`: none is. `half open`: one is tried. */
export type BreakerState = 'closed' | 'open' | 'half open';

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
  /** Not ok from a call or check that failed until one succeeds, notifications apart: a pause without calls mends nothing. */
  health: () => IntuneHealth;
  breaker: () => BreakerState;
  /** How a check ended. It says nothing of a notification that failed. */
  checked: (fault?: IntuneUnreachable) => void;
};

/** Makes the retries and the breaker of one client; the breaker starts closed. */
export function retryingCalls(timeouts: Timeouts, clock: Clock): RetryingCalls {
  // An abort by the caller is no fault of the service, so only IntuneUnreachable counts.
  const breaker = circuitBreaker(handleType(IntuneUnreachable), {
    breaker: new ConsecutiveBreaker(timeouts.breakAfter),
    halfOpenAfter: timeouts.breakMs,
  });
  const inTurn = validationTurns(timeouts.totalMs / 2);
  let last: IntuneUnreachable | undefined;
  let notification: FailedNotification | undefined;
  const failed = (fault: IntuneUnreachable): void => {
    if (isNotification(fault.hop)) notification = { fault, since: notification?.since ?? clock() };
    else last = fault;
  };
  const noted = async <T>(hop: IntuneHop, call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      const answer = await breaker.execute(call);
      last = undefined;
      if (isNotification(hop)) notification = undefined;
      return answer;
    } catch (error) {
      if (error instanceof IntuneUnreachable && !signal.aborted) failed(error);
      throw error;
    }
  };
  return {
    async ask(hop, attempt, signal, underWay = () => undefined) {
      const limit = timeLimit(timeouts.totalMs, signal, clock);
      const call = () => noted(hop, () => callWithRetry({ hop, attempt, limit, underWay, timeouts, clock }), signal);
      try {
        // The breaker is inside, because a call without its turn is no fault of the service.
        const answer = hop === 'validateRequest' ? inTurn(call, signal) : call();
        return await within(() => answer, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BrokenCircuitError) throw breakerOpenError(hop, last ?? notification?.fault);
        throw error;
      }
    },
    health() {
      const told = notification && { notification };
      if (last) return { ok: false, detail: textOf(last), fault: last, ...told };
      return { ok: true, detail: notification ? failedText(notification) : NO_FAULT, ...told };
    },
    breaker: () => stateText(breaker.state),
    checked: (fault) => void (last = fault),
  };
}

const stateText = (state: CircuitState): BreakerState => {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half open' : 'open';
};

const NO_FAULT = 'Intune answers or was not called yet';

const isNotification = (hop: IntuneHop): boolean => hop === 'successNotification' || hop === 'failureNotification';

const textOf = ({ message, remedy }: IntuneUnreachable): string => `${message}. ${remedy}`;

const failedText = ({ fault, since }: FailedNotification): string =>
  `the last notification failed, since ${since.toISOString()}: ${textOf(fault)}`;

/** Runs each validateRequest in its turn. Throws IntuneUnreachable after `patienceMs` without it. */
function validationTurns(patienceMs: number) {
  const validations = semaphore({ permits: MOST_VALIDATIONS, queue: Infinity });
  return async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const patience = AbortSignal.timeout(patienceMs);
    const answer = await validations.run(call, AbortSignal.any([signal, patience])).catch((error: unknown) => {
      throw error === patience.reason ? noTurn(patienceMs) : error;
    });
    if (answer === 'busy') throw noTurn(0);
    return answer;
  };
}

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
