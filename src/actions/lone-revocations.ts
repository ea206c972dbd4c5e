/** How many certificates one person revokes without a second one (`admin.twoPersons`). */
import { HOUR } from '../core/durations.ts';
import type { Store } from '../core/store.ts';
import type { Management } from '../manage/administrator.ts';
import { isOfTwo, mayBeSame } from './same-person.ts';

/** Within an hour, in one lot or in several. */
const ONE_PERSON = 100;
const PAGE = 200;

/** Whether so many more are too many for the one who acts. What two persons have revoked counts for neither. */
export async function asksSecond(
  management: Omit<Management<Pick<Store, 'searchAudit'>>, 'source'>,
  number: number,
): Promise<boolean> {
  return number > ONE_PERSON || (await revokedLately(management, ONE_PERSON - number)) > ONE_PERSON - number;
}

/** Counting ends above `enough`. */
async function revokedLately(
  { store, clock, actor }: Omit<Management<Pick<Store, 'searchAudit'>>, 'source'>,
  enough: number,
): Promise<number> {
  const query = {
    events: ['revoked'],
    actors: ['person', 'program'],
    at: { from: new Date(clock().getTime() - HOUR) },
  } as const;
  for (let [number, cursor] = [0, undefined as string | undefined]; ; ) {
    const page = await store.searchAudit(query, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    number += page.entries.filter((each) => !isOfTwo(each.actor) && mayBeSame(each.actor, actor)).length;
    cursor = page.next;
    if (number > enough || cursor === undefined) return number;
  }
}
