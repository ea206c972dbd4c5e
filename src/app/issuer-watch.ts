/** Asks the CA products once a minute whether they can be used, and says in the log when one cannot, and when it can again. */
import type { CaProduct } from '../ca/checked-issuer.ts';
import { MINUTE } from '../core/durations.ts';
import type { Emit } from '../core/events.ts';
import { every, systemDeadline } from '../embed/system.ts';
import { reasonOf } from './product-standing.ts';

/** `products`: by the names of their authorities. `every`: milliseconds; a minute when absent. */
export type WatchedProducts = { products: ReadonlyMap<string, CaProduct>; emit: Emit; every?: number };

/** `standings`: why a product could not be used when it was asked last; undefined for one that can be, and before the first answer. */
export type IssuerWatch = { standings: ReadonlyMap<string, () => string | undefined>; end: () => void };

/**
 * The first question is at once. No job: each server has its own way to the CA. A product without `check` is not asked, and has no
 * standing.
 */
export function watchIssuers({ products, emit, every: ms = MINUTE }: WatchedProducts): IssuerWatch {
  const asked = [...products].filter(([, { check }]) => check !== undefined);
  const failed = new Map<string, string>();
  const running = new Set<string>();
  let ended = false;
  async function look(authority: string, product: CaProduct): Promise<void> {
    if (running.has(authority)) return;
    running.add(authority);
    const reason = await reasonOf(product, systemDeadline());
    running.delete(authority);
    if (ended) return;
    const before = failed.get(authority);
    if (reason === undefined) failed.delete(authority);
    else failed.set(authority, reason);
    if (before === undefined && reason !== undefined) emit({ event: 'issuer-failed', authority, reason });
    if (before !== undefined && reason === undefined) emit({ event: 'issuer-works', authority });
  }
  const lookAtAll = (): void => asked.forEach(([authority, product]) => void look(authority, product));
  lookAtAll();
  const stop = asked.length > 0 ? every(ms, lookAtAll) : () => undefined;
  return {
    standings: new Map(asked.map(([authority]) => [authority, () => failed.get(authority)])),
    end() {
      ended = true;
      stop();
    },
  };
}
