/** What of a running server a caller may see: a thing is seen by those whose reach covers one of its places. */
import type { Belonging, Reach } from '../core/access.ts';
import { ActionError } from './action-error.ts';

/** A view of something, and the places at which it stands: an authority stands at each of its endpoints, and by itself. */
export type Placed<V> = { view: V; places: readonly Belonging[] };

/** Whether the reach covers one of its places. */
export const isSeen = (reach: Reach, { places }: Pick<Placed<unknown>, 'places'>): boolean =>
  reach.everywhere || places.some((place) => reach.covers(place));

/** The names of those of its endpoints that the reach covers. */
export const seenEndpoints = (reach: Reach, { places }: Pick<Placed<unknown>, 'places'>): string[] => [
  ...new Set(
    places.filter((place) => reach.everywhere || reach.covers(place)).flatMap(({ endpoint }) => endpoint ?? []),
  ),
];

/** A part of the desk that only a running server has. Throws ActionError on the command line. */
export function ofServer<T>(part: T | undefined): T {
  if (part !== undefined) return part;
  throw new ActionError(
    'unavailable',
    'only a running server knows this',
    'Ask the listener of `admin` of the server.',
  );
}

/** The one that is named. Throws ActionError when there is none. */
export function found<T>(all: readonly T[], isNamed: (each: T) => boolean, what: string): T {
  const one = all.find(isNamed);
  if (one !== undefined) return one;
  throw new ActionError('not_found', `there is no ${what} of this name`);
}
