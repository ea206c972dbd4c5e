/** Bodies that are still coming. When there are too many, the one that takes longest loses its place. */
import { HttpError } from '../core/errors.ts';

/** `most` at once. One that came less than `young` milliseconds ago is never closed: a device has sent all by then. */
export type ComingLimits = { most: number; young: number };

/** A body that is still coming. `octets`: those that it has in memory. `close` refuses it, and gives its octets back. */
export type ComingBody = { octets: () => number; close: (error: HttpError) => void };

/** The bodies that are still coming. */
export type ComingBodies = {
  /** Counts a body until `leave`. Throws HttpError `overloaded` when there are too many and all are young. */
  enter(body: ComingBody): void;
  leave(body: ComingBody): void;
  /** Closes the body that has taken longest of those that fit, but not `asks`. False when there is none that is old enough. */
  closeSlowest(fits: (octets: number) => boolean, asks?: ComingBody): boolean;
};

/** No body at first. */
export function comingBodies({ most, young }: ComingLimits): ComingBodies {
  /** When each began. The first one is the oldest. */
  const began = new Map<ComingBody, number>();

  function closeSlowest(fits: (octets: number) => boolean, asks?: ComingBody): boolean {
    const now = performance.now();
    for (const [body, since] of began) {
      if (now - since < young) return false;
      if (body === asks || !fits(body.octets())) continue;
      began.delete(body);
      const detail = `the body was not there after ${Math.round(now - since)} ms, and others needed its place`;
      body.close(new HttpError('message_too_slow', detail));
      return true;
    }
    return false;
  }

  return {
    enter(body) {
      if (began.size >= most && !closeSlowest(() => true))
        throw new HttpError('overloaded', `${began.size} bodies are coming`);
      began.set(body, performance.now());
    },
    leave: (body) => void began.delete(body),
    closeSlowest,
  };
}
