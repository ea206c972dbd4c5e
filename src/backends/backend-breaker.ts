/** Spares a CA that does not work: after failed calls in a row none is made for a while. */
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { IssuerError } from '../core/errors.ts';
import { backendFault } from './backend-fault.ts';

/** After `breakAfter` failed calls in a row none is made for `breakMs` milliseconds. */
export type BreakerTimes = { breakAfter: number; breakMs: number };

/** Makes a call, or throws IssuerError `unavailable` without it. What the call throws is thrown. */
export type BackendBreaker = <T>(call: () => Promise<T>) => Promise<T>;

/** `what`: the CA, for errors. */
export function backendBreaker(what: string, { breakAfter, breakMs }: BreakerTimes): BackendBreaker {
  const breaker = circuitBreaker(handleWhen(countsAgainst), {
    breaker: new ConsecutiveBreaker(breakAfter),
    halfOpenAfter: breakMs,
  });
  let last: IssuerError | undefined;
  return async (call) => {
    try {
      return await breaker.execute(call);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw notCalled(what, last, breakMs);
      if (error instanceof IssuerError) last = error;
      throw error;
    }
  };
}

/** A CA that throttles works, and one that refuses an order or our credentials can be reached. */
const countsAgainst = (error: unknown): boolean =>
  error instanceof IssuerError && (error.code === 'unavailable' || error.code === 'unknown-outcome');

const notCalled = (what: string, last: IssuerError | undefined, breakMs: number): IssuerError =>
  backendFault('unavailable', `${what}: not called, because the last calls failed. ${last?.message ?? ''}`.trim(), {
    cause: last,
    retryAfter: Math.ceil(breakMs / 1000),
  });
