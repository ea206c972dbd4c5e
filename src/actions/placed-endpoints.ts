/** Whether something at an endpoint is within reach. */
import type { Running } from './action.ts';

/** By the name of the endpoint, and where it belongs. */
export const isAt = ({ desk, reach }: Pick<Running<unknown>, 'desk' | 'reach'>, endpoint: string): boolean =>
  reach.everywhere || reach.covers(desk.placeOf?.(endpoint) ?? { endpoint });
