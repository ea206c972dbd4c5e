/** Gives out what waits in the store for who has the token of its link, and bounds who asks without one. */
import { attempts } from '../access/attempts.ts';
import type { Clock } from '../core/environment.ts';
import type { KeyLinkStore } from '../core/key-link-store.ts';
import { semaphore } from '../core/semaphore.ts';
import type { FetchedKey, FetchKey } from '../http/key-link-route.ts';
import { markOfToken, openLinkedFile } from '../pfx/key-link.ts';

/** How many may ask within a minute in vain, all together; of one network ten. */
const MOST_OF_ALL = 300;
const LOOKS = { permits: 4, queue: 64 };

const TOO_MANY: FetchedKey = { refused: 'too-many' };
const UNKNOWN: FetchedKey = { refused: 'unknown' };

/**
 * A network with too many wrong tokens waits for a minute, with the right one too: the file waits on. Beyond the bound for all together, every network waits
 * that has sent a wrong one within the minute, and no other.
 */
export function fetchedKeys({ store, clock }: { store: Pick<KeyLinkStore, 'takeKeyLink'>; clock: Clock }): FetchKey {
  const ofNetwork = attempts(clock);
  const ofAll = attempts(clock, () => '', MOST_OF_ALL);
  const looks = semaphore(LOOKS);
  return async (token, address) => {
    const wasWrong = ofNetwork.has(address);
    const [tooMany, tooManyOfAll] = [ofNetwork.begin(address), ofAll.begin(address)];
    if (tooMany || (tooManyOfAll && wasWrong)) return TOO_MANY;
    const fetched = await looks.run(() => taken(token, address, { store, clock }));
    if (fetched === 'busy') return TOO_MANY;
    if ('refused' in fetched) return fetched;
    ofNetwork.takeBack(address);
    ofAll.takeBack(address);
    return fetched;
  };
}

async function taken(
  token: string,
  address: string,
  { store, clock }: { store: Pick<KeyLinkStore, 'takeKeyLink'>; clock: Clock },
): Promise<FetchedKey> {
  const mark = markOfToken(token);
  if (mark === undefined) return UNKNOWN;
  const link = await store.takeKeyLink(mark, { at: clock(), actor: { kind: 'person', address }, source: 'api' });
  if (!link) return UNKNOWN;
  const { endpoint, transactionId } = link.facts;
  return { ...openLinkedFile(link, token), endpoint, transactionId };
}
