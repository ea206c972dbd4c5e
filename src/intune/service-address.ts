/** Whether the discovered address of a service still holds. */
import type { ServiceLocator } from './discovery.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';

/** Makes the call. Drops the discovered address when nothing answers there, or the answer is HTTP 404 or 410. */
export async function dropAddressIfGone<T>(
  service: ServiceLocator,
  hop: IntuneHop,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const gone =
      error instanceof IntuneUnreachable && error.hop === hop && [undefined, 404, 410].includes(error.status);
    if (gone) service.drop();
    throw error;
  }
}
