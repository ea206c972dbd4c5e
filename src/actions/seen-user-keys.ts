/** Which keys of people a caller may see: those of the tenants within reach. The others do not exist. */
import { z } from 'zod';
import type { UserKey } from '../core/user-key-store.ts';
import type { Running } from './action.ts';
import { ActionError } from './action-error.ts';

/** The id of a key, as lists show it. */
export const USER_KEY_ID = z.string().min(1).max(100);

type Looking = Pick<Running<unknown>, 'desk' | 'reach'>;

/** The tenants whose keys the caller may see; undefined when nothing limits them. */
export function seenTenants({ desk, reach }: Looking): string[] | undefined {
  if (reach.everywhere) return undefined;
  const places = desk.userKeys?.places ?? [];
  return [...new Set(places.filter((place) => reach.covers(place)).map(({ tenant }) => tenant))];
}

/** The key, when the caller may see it. Throws ActionError. */
export async function seenUserKey(looking: Looking, id: string): Promise<UserKey> {
  const key = await looking.desk.store.findUserKey(id);
  const tenants = seenTenants(looking);
  if (key && (tenants === undefined || tenants.includes(key.tenant))) return key;
  throw new ActionError('not_found', 'no key of a person has this id');
}
