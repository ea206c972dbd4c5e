/** Bounds what one endpoint takes on, so that a slow policy or CA, or a flood, keeps no other endpoint from serving. */
import { HttpError } from '../core/errors.ts';
import { crowd, retryAfter } from './retry-after.ts';
import type { AnswerFacts, ScepService } from './service.ts';
import type { Waits } from './waits.ts';
import type { WorkLane } from './work-queue.ts';

/**
 * How busy an endpoint is: `running` of `most` requests, those that wait for a policy or a CA included, and `queued` ones
 * that have not begun. `answerMs`: milliseconds until what computes or is queued now, at all endpoints, is done. `full`: the
 * next request gets 503.
 */
export type EndpointLoad = {
  endpoint: string;
  running: number;
  most: number;
  queued: number;
  answerMs: number;
  full: boolean;
};

/** A service with a bound, and how many of its places are taken. */
export type GatedService = ScepService & { load: () => EndpointLoad };

/** What a client gets whose challenge is wrong. A missing one is no guess. */
const WRONG: ReadonlySet<unknown> = new Set(['challenge_wrong', 'intune_denied']);

/** `anyOf` answers with another code when its policies do not agree, and has a fact of its own for it. */
const isGuess = ({ code, wrongChallenge }: AnswerFacts): boolean => WRONG.has(code) || wrongChallenge !== undefined;

/** What a gate needs. */
export type GateOptions = {
  /** Requests that run at once, those that wait for a policy or a CA included. */
  most: number;
  /** Where requests wait for their turn to compute. */
  lane: WorkLane;
  /** Awaited before a wrong challenge is answered; meanwhile the request takes no place. */
  slowed: () => Promise<void>;
  /** From 0 to 1, below 1: spreads the clients that are refused. */
  chance: () => number;
  /** Milliseconds since any moment. */
  now: () => number;
  /** Called for each request that is refused. */
  refused: () => void;
};

/**
 * The same service, whose PKIOperations and GetNextCACerts run at most `most` at once, and compute in turns with those of
 * other endpoints. One that finds no place, or cannot be answered in time, throws HttpError `overloaded`. What only tells
 * of the endpoint needs no place.
 */
export function gated(service: ScepService, { most, lane, slowed, chance, now, refused }: GateOptions): GatedService {
  const { name, nextCa } = service;
  let running = 0;
  const refusedBefore = crowd(now);
  function refuse(detail: string): never {
    refused();
    const { ahead, piece } = lane;
    const seconds = retryAfter({ ahead, piece, crowd: refusedBefore.size }, chance());
    refusedBefore.comesIn(seconds);
    throw new HttpError('overloaded', detail, { retryAfter: seconds });
  }
  function assertPlace(): void {
    if (running >= most) refuse(`${most} requests are running at ${name}`);
  }
  async function placed<T>(work: (waits: Waits) => Promise<T>): Promise<T> {
    assertPlace();
    const done = await lane.run(async (waits) => {
      // Others may have taken the places while this one was in the queue.
      assertPlace();
      running++;
      try {
        return await work(waits);
      } finally {
        running--;
      }
    });
    if (done === 'late') refuse(`${lane.queued} requests wait for their turn at ${name}, and more elsewhere`);
    return done;
  }
  return {
    ...service,
    // Getters, because they change with the RA: a copy would keep those of the start.
    get caCertificates() {
      return service.caCertificates;
    },
    get caChain() {
      return service.caChain;
    },
    ...(nextCa && { nextCa: () => placed(nextCa) }),
    async pkiOperation(message) {
      const answer = await placed((waits) => service.pkiOperation(message, waits));
      if (isGuess(answer.facts)) await slowed();
      return answer;
    },
    load: () => ({
      endpoint: name,
      running,
      most,
      queued: lane.queued,
      answerMs: Math.round(lane.ahead),
      full: running >= most || lane.full,
    }),
  };
}
