/** Throttling by load: so many calls in so many seconds, and HTTP 429 beyond. */
import { FIELD, oneOf, readBody } from '../control-body.ts';
import { graphError } from '../error-bodies.ts';
import type { ServiceHandler } from '../service-call.ts';

/**
 * `wait`: how the answer says when to come again. `seconds`: Retry-After, which may be a fraction; `milliseconds`:
 * x-ms-retry-after-ms alone; `none`: not at all.
 */
export type LoadLimitRequest = { requests: number; seconds: number; wait?: 'seconds' | 'milliseconds' | 'none' };

const FIELDS = { requests: FIELD.count, seconds: FIELD.count, wait: oneOf(['seconds', 'milliseconds', 'none']) };

/** The limit on the calls about users and their imported certificates. There is none until one is set. */
export class LoadLimit {
  #limit: LoadLimitRequest | undefined;
  #began = 0;
  #calls = 0;

  /** Throws ControlError for a body that is not valid. */
  set(request: LoadLimitRequest): void {
    this.#limit = readBody<LoadLimitRequest>(request, FIELDS, ['requests', 'seconds']);
    this.#calls = 0;
  }

  clear(): void {
    this.#limit = undefined;
  }

  /** How the answer says when to come again, when a call at this time is one too many; undefined when it is not. */
  waitHeaders(at: Date): Readonly<Record<string, string>> | undefined {
    if (!this.#limit) return undefined;
    const { requests, seconds, wait = 'seconds' } = this.#limit;
    const left = this.#began + seconds * 1000 - at.getTime();
    if (this.#calls === 0 || left <= 0) [this.#began, this.#calls] = [at.getTime(), 0];
    if (this.#calls++ < requests) return undefined;
    return WAITS[wait](left);
  }
}

const WAITS: Readonly<Record<NonNullable<LoadLimitRequest['wait']>, (ms: number) => Record<string, string>>> = {
  seconds: (ms) => ({ 'retry-after': (ms / 1000).toFixed(3) }),
  milliseconds: (ms) => ({ 'x-ms-retry-after-ms': String(ms) }),
  none: () => ({}),
};

/** The handler, behind the limit. */
export const limited =
  (limit: LoadLimit, handler: ServiceHandler): ServiceHandler =>
  (call, responseFault) => {
    const headers = limit.waitHeaders(call.at);
    if (!headers) return handler(call, responseFault);
    return graphError(call, { status: 429, code: 'TooManyRequests', text: 'The request was throttled.', headers });
  };
