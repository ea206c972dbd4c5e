/** The calls of a key that lives elsewhere: each with a time limit, and one breaker over all of them. */
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { within } from '../core/ask.ts';
import type { Clock } from '../core/environment.ts';
import { IssuerError } from '../core/errors.ts';
import type { KeyCalls } from '../core/keys.ts';
import { keyFault } from './key-fault.ts';

/** `breakAfter` failures one after the other open the breaker for `breakMs`; then one call tries again. */
export type RemoteCallParts = {
  /** Names key and place for errors: `the key of the issuing CA (pkcs11)`. */
  what: string;
  /** A new signal, which aborts when the time of one call is over. */
  deadline: () => AbortSignal;
  clock: Clock;
  breakAfter?: number;
  breakMs?: number;
};

/** One call. Its signal aborts when its time is over. */
export type RemoteWork<T> = (signal: AbortSignal) => Promise<T>;

/** `standing`: as in KeyProvider. */
export type RemoteCalls = {
  /** Throws IssuerError, which can be retried. `again`: the work that tries later whether the key works; itself when absent. */
  run: <T>(work: RemoteWork<T>, again?: RemoteWork<unknown>) => Promise<T>;
  standing: () => string | undefined;
  /** As in KeyProvider. A call that the breaker did not let through is none. */
  counted: () => KeyCalls;
};

type Failure = { error: IssuerError; since: Date; again: RemoteWork<unknown> };

/** A key that was not called yet stands well. */
export function remoteCalls({ what, deadline, clock, breakAfter = 3, breakMs = 10_000 }: RemoteCallParts): RemoteCalls {
  const breaker = circuitBreaker(handleWhen(countsAgainst), {
    breaker: new ConsecutiveBreaker(breakAfter),
    halfOpenAfter: breakMs,
  });
  let failure: Failure | undefined;
  let trying = false;
  const calls = { made: 0, failed: 0, ms: 0 };

  async function counting<T>(work: () => Promise<T>): Promise<T> {
    const began = clock().getTime();
    calls.made++;
    try {
      return await work();
    } catch (error) {
      calls.failed++;
      throw error;
    } finally {
      calls.ms += clock().getTime() - began;
    }
  }

  async function run<T>(work: RemoteWork<T>, again: RemoteWork<unknown> = work): Promise<T> {
    try {
      const result = await breaker.execute(() => counting(() => inTime(work, { what, deadline })));
      failure = undefined;
      return result;
    } catch (cause) {
      if (cause instanceof BrokenCircuitError) throw notAsked(what, failure?.error, breakMs);
      if (cause instanceof IssuerError) failure = { error: cause, since: failure?.since ?? clock(), again };
      throw cause;
    }
  }

  async function tryAgain({ again }: Failure): Promise<void> {
    trying = true;
    await run(again).catch(() => undefined);
    trying = false;
  }

  return {
    run,
    counted: () => ({ ...calls }),
    standing() {
      if (!failure) return undefined;
      const { error, since } = failure;
      if (!trying) void tryAgain(failure);
      return `${error.message}, since ${since.toISOString()}`;
    },
  };
}

/** A service that is asked too often works, and a call that the key cannot do says nothing of the others. */
const countsAgainst = (error: unknown): boolean => error instanceof IssuerError && error.code !== 'throttled';

type TimedParts = Pick<RemoteCallParts, 'what' | 'deadline'>;

async function inTime<T>(work: RemoteWork<T>, { what, deadline }: TimedParts): Promise<T> {
  const signal = deadline();
  try {
    return await within(() => work(signal), signal);
  } catch (cause) {
    // TypeError and RangeError are those of KeyProvider: what was asked of the key is wrong.
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause;
    if (cause === signal.reason) throw keyFault('unavailable', `${what}: no answer in time`, { cause });
    if (cause instanceof IssuerError) throw cause;
    const text = cause instanceof Error ? cause.message : 'it failed';
    throw keyFault('unavailable', `${what}: ${text}`, { cause });
  }
}

const notAsked = (what: string, last: IssuerError | undefined, ms: number): IssuerError =>
  keyFault('unavailable', `${what}: not asked, because the last calls failed. ${last?.message ?? ''}`.trim(), {
    cause: last,
    retryAfter: Math.ceil(ms / 1000),
  });
