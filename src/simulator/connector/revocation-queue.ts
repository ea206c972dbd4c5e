/** The certificates that Intune wants to be revoked, and what it was told of them. */
import type { Clock, RandomBytes } from '../../core/environment.ts';
import { FIELD, readBody } from '../control-body.ts';
import { guid } from '../guid.ts';
import { isRetryable, type RevocationErrorCode } from './error-codes.ts';

/** A request to put into the queue. `caConfiguration` is what the notification of the certificate said; null when absent. */
export type RevocationPlan = { serialNumber: string; issuerName: string; caConfiguration?: string | null };

/** What Intune was told. Times in ISO 8601. */
export type RevocationResult = {
  at: string;
  succeeded: boolean;
  errorCode: RevocationErrorCode;
  errorMessage: string | null;
};

/** One request of the queue. */
export type QueuedRevocation = {
  requestContext: string;
  serialNumber: string;
  issuerName: string;
  caConfiguration: string | null;
  /** How often it was handed out. */
  downloads: number;
  /** Every result, also those that came again. */
  results: RevocationResult[];
};

/** After a download nothing is handed out for so many milliseconds, as Microsoft documents. */
const COOL_DOWN = 60 * 60_000;

/** The queue of one tenant. */
export class RevocationQueue {
  readonly #requests = new Map<string, QueuedRevocation>();
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  #quietUntil = 0;

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Puts requests into the queue. Throws ControlError for a body that is not valid. */
  add(body: { requests: readonly RevocationPlan[] }): QueuedRevocation[] {
    const { requests } = readBody<typeof body>(body, { requests: FIELD.objects }, ['requests']);
    return requests.map((plan) => this.#add(readBody<RevocationPlan>(plan, PLAN, ['serialNumber', 'issuerName'])));
  }

  #add({ serialNumber, issuerName, caConfiguration = null }: RevocationPlan): QueuedRevocation {
    const requestContext = guid(this.#random);
    const queued = { requestContext, serialNumber, issuerName, caConfiguration, downloads: 0, results: [] };
    this.#requests.set(requestContext, queued);
    return queued;
  }

  /** All requests, oldest first. */
  list(): readonly QueuedRevocation[] {
    return [...this.#requests.values()];
  }

  /** Forgets all requests and ends the cool-down. */
  clear(): void {
    this.#requests.clear();
    this.#quietUntil = 0;
  }

  /**
   * The oldest requests that are not settled. The filter compares caConfiguration, not the issuer, and only after the
   * list was cut off at `maxRequests`: so does the real service.
   */
  download(maxRequests: number, filter: string | null): readonly QueuedRevocation[] {
    const now = this.#clock().getTime();
    if (now < this.#quietUntil) return [];
    this.#quietUntil = now + COOL_DOWN;
    const oldest = this.list()
      .filter((request) => !isSettled(request))
      .slice(0, maxRequests);
    const given = filter === null ? oldest : oldest.filter(({ caConfiguration }) => caConfiguration === filter);
    for (const request of given) request.downloads++;
    return given;
  }

  /** Records results. False, and nothing is recorded, when one is for a request that is not known. */
  upload(results: readonly (Omit<RevocationResult, 'at'> & { requestContext: string })[]): boolean {
    if (!results.every(({ requestContext }) => this.#requests.has(requestContext))) return false;
    const at = this.#clock().toISOString();
    for (const { requestContext, ...result } of results)
      this.#requests.get(requestContext)?.results.push({ at, ...result });
    return true;
  }
}

/** Settled by a success, or by an error that is not worth another try. */
const isSettled = ({ results }: QueuedRevocation): boolean =>
  results.some(({ succeeded, errorCode }) => succeeded || !isRetryable(errorCode));

const PLAN = {
  serialNumber: FIELD.text,
  issuerName: FIELD.text,
  caConfiguration: {
    accepts: (value: unknown) => value === null || typeof value === 'string',
    description: 'text or null',
  },
};
