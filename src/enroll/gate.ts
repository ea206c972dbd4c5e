/** Bounds how many requests of one endpoint are under way, so that a slow policy or CA of one keeps no other from serving. */
import { HttpError } from '../core/errors.ts';
import { semaphore } from '../core/semaphore.ts';
import type { AnswerFacts, ScepService } from './service.ts';

/** How busy an endpoint is. `most` of `running` mean that the next request gets 503. */
export type EndpointLoad = { endpoint: string; running: number; most: number };

/** A service with a bound, and how many of its places are taken. */
export type GatedService = ScepService & { load: () => EndpointLoad };

/** What a client gets whose challenge is wrong. A missing one is no guess. */
const WRONG: ReadonlySet<unknown> = new Set(['challenge_wrong', 'intune_denied']);

/** `anyOf` answers with another code when its policies do not agree, and has a fact of its own for it. */
const isGuess = ({ code, wrongChallenge }: AnswerFacts): boolean => WRONG.has(code) || wrongChallenge !== undefined;

/**
 * The same service, of which at most `most` PKIOperations and GetNextCACerts run at once: they wait for policies, CAs and
 * keys. The next one throws HttpError `overloaded`. What only tells of the endpoint needs no place. `slowed` is awaited
 * before a wrong challenge is answered; meanwhile it takes no place.
 */
export function gated(
  service: ScepService,
  { most, slowed }: { most: number; slowed: () => Promise<void> },
): GatedService {
  const gate = semaphore({ permits: most });
  const { name, nextCa } = service;
  const placed = async <T>(work: () => Promise<T>): Promise<T> => {
    const done = await gate.run(work);
    if (done === 'busy') throw new HttpError('overloaded', `${most} requests are running at ${name}`);
    return done;
  };
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
      const answer = await placed(() => service.pkiOperation(message));
      if (isGuess(answer.facts)) await slowed();
      return answer;
    },
    load: () => ({ endpoint: name, running: gate.running, most }),
  };
}
