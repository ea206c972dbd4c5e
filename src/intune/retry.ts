/** How long and how often to ask: bounded retries inside one time budget, behind one circuit breaker. */
import {
  BrokenCircuitError,
  CircuitState,
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
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';
import { within } from '../core/ask.ts';

/** All in milliseconds, except the two counts. */
export type Timeouts = {
  /** The longest one HTTP exchange may take. */
  callMs: number;
  /** The longest one question may take, with everything it needs and all retries. */
  totalMs: number;
  /** How many times a question is asked again. */
  retries: number;
  /** The first pause before asking again; it doubles, with jitter. */
  backoffMs: number;
  /** After so many failed questions in a row the breaker opens. */
  breakAfter: number;
  /** How long the breaker stays open before one question tries it. */
  breakMs: number;
};

/** The defaults. A device waits about a minute: validateRequest and successNotification both fit into it. */
export const TIMEOUTS: Timeouts = {
  callMs: 10_000,
  totalMs: 25_000,
  retries: 2,
  backoffMs: 300,
  breakAfter: 5,
  breakMs: 30_000,
};

/** What /readyz asks. `detail` is fit for a log. */
export type Health = { ok: boolean; detail: string };

export type Persistence = {
  /** Throws IntuneUnreachable, or the signal's reason when the caller gave up. */
  ask: <T>(hop: IntuneHop, question: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;
  health: () => Health;
};

/** The retries and the breaker of one client. */
export function persistence(timeouts: Timeouts, clock: Clock): Persistence {
  // A caller who gave up says nothing about the service, so only IntuneUnreachable counts.
  const breaker = circuitBreaker(handleType(IntuneUnreachable), {
    breaker: new ConsecutiveBreaker(timeouts.breakAfter),
    halfOpenAfter: timeouts.breakMs,
  });
  let last: IntuneUnreachable | undefined;
  let pausedUntil = 0;
  breaker.onBreak(() => {
    pausedUntil = clock().getTime() + timeouts.breakMs;
  });
  return {
    async ask(hop, question, signal) {
      try {
        const patient = breaker.execute(() => askPatiently({ hop, question, signal, timeouts, clock }));
        return await within(patient, signal);
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw paused(hop, last);
        if (error instanceof IntuneUnreachable) last = error;
        throw error;
      }
    },
    health() {
      if (breaker.state === CircuitState.Closed) return { ok: true, detail: 'Intune answers or was not asked yet' };
      // Whoever is not ready is sent no device, and without a device the breaker is never tried.
      if (clock().getTime() >= pausedUntil) return { ok: true, detail: 'Intune failed and is about to be asked again' };
      return { ok: false, detail: `Intune is not asked for a while. ${last?.message ?? ''}`.trim() };
    },
  };
}

type Asking<T> = {
  hop: IntuneHop;
  question: (signal: AbortSignal) => Promise<T>;
  signal: AbortSignal;
  timeouts: Timeouts;
  clock: Clock;
};

async function askPatiently<T>({ hop, question, signal, timeouts, clock }: Asking<T>): Promise<T> {
  const deadline = clock().getTime() + timeouts.totalMs;
  const total = AbortSignal.timeout(timeouts.totalMs);
  const both = AbortSignal.any([signal, total]);
  const again = handleWhen((error) => worthAsking(error, deadline - clock().getTime()));
  try {
    const patience = retry(again, { maxAttempts: timeouts.retries, backoff: pauses(timeouts.backoffMs) });
    return await patience.execute(() => question(both), both);
  } catch (error) {
    signal.throwIfAborted();
    if (total.aborted && !(error instanceof IntuneUnreachable)) throw overdue(hop, timeouts.totalMs);
    throw error;
  }
}

/** Whether to ask again: the fault may pass, and the pause that the service asks for fits into the time left. */
export const worthAsking = (error: unknown, leftMs: number): boolean =>
  error instanceof IntuneUnreachable && error.retryable && (error.retryAfterMs ?? 0) < leftMs;

/** Exponential pauses with jitter, or longer where the service asks for it (Retry-After). */
function pauses(backoffMs: number) {
  type Context = IRetryBackoffContext<unknown>;
  const exponential = new ExponentialBackoff<Context>({ initialDelay: backoffMs, maxDelay: backoffMs * 8 });
  return new DelegateBackoff<Context, IBackoff<Context>>((context, previous) => {
    const state = (previous ?? exponential).next(context);
    return { state, delay: Math.max(state.duration, askedPause(context.result)) };
  });
}

const askedPause = (result: IRetryBackoffContext<unknown>['result']): number =>
  'error' in result && result.error instanceof IntuneUnreachable ? (result.error.retryAfterMs ?? 0) : 0;

const overdue = (hop: IntuneHop, ms: number) =>
  new IntuneUnreachable({
    hop,
    what: `no answer within ${ms} ms`,
    remedy: 'Look at the network, the proxy and the service health.',
    retryable: false,
  });

const paused = (hop: IntuneHop, last: IntuneUnreachable | undefined) =>
  new IntuneUnreachable({
    hop,
    what: `not asked, because the last questions failed. ${last?.message ?? ''}`.trim(),
    remedy: last?.remedy ?? 'Look at the service health.',
    retryable: false,
    cause: last,
  });
