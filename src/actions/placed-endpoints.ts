/** Whether something at an endpoint is within reach. */
import { coversAll } from '../core/access.ts';
import type { AttemptStore } from '../core/attempt-store.ts';
import type { Running } from './action.ts';

/** By the name of the endpoint, and where it belongs: of several tenants all must be in reach. */
export const isAt = ({ desk, reach }: Pick<Running<unknown>, 'desk' | 'reach'>, endpoint: string): boolean =>
  coversAll(reach, desk.placesOf?.(endpoint) ?? [{ endpoint }]);

/** The endpoints in reach; undefined when nothing limits them, or when they are not known. */
function endpointsWithin({ desk, reach, caller }: Running<unknown>): string[] | undefined {
  if (reach.everywhere || !desk.endpoints) return undefined;
  // A grant can name one that is not configured any more.
  const named = caller.grants.flatMap(({ endpoints = [] }) => endpoints);
  const all = new Set([...desk.endpoints.list().map(({ view }) => view.name), ...named]);
  return [...all].filter((each) => isAt({ desk, reach }, each));
}

/** The store of attempts, which reads those within reach alone where the endpoints of the reach are known. */
export function attemptsWithin<S extends Pick<AttemptStore, 'findAttempts'>>(running: Running<unknown>, store: S): S {
  const endpoints = endpointsWithin(running);
  return endpoints ? { ...store, findAttempts: (filter) => store.findAttempts({ ...filter, endpoints }) } : store;
}
