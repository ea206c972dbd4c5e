/** Whether something at an endpoint is within reach. */
import { coversAll } from '../core/access.ts';
import type { Running } from './action.ts';

/** By the name of the endpoint, and where it belongs: of several tenants all must be in reach. */
export const isAt = ({ desk, reach }: Pick<Running<unknown>, 'desk' | 'reach'>, endpoint: string): boolean =>
  coversAll(reach, desk.placesOf?.(endpoint) ?? [{ endpoint }]);
