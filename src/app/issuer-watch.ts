/** Asks the CA products once a minute whether they can be used, and says in the log when one cannot, and when it can again. */
import type { CaProduct } from '../ca/checked-issuer.ts';
import { MINUTE } from '../core/durations.ts';
import type { Emit } from '../core/events.ts';
import { every, systemDeadline } from '../embed/system.ts';
import { productStanding } from './product-standing.ts';

/** `products`: by the names of their authorities. `every`: milliseconds; a minute when absent. */
export type WatchedProducts = { products: ReadonlyMap<string, CaProduct>; emit: Emit; every?: number };

/**
 * By the names of authorities. `standings`: why a product could not be used when it was asked last; undefined for one that can be, and
 * before the first answer. `warnings`: what it said when it could be used last.
 */
export type IssuerWatch = {
  standings: ReadonlyMap<string, () => string | undefined>;
  warnings: ReadonlyMap<string, () => readonly string[]>;
  end: () => void;
};

/**
 * The first question is at once. No job: each server has its own way to the CA. A product without `check` is not asked, and has no
 * standing.
 */
export function watchIssuers({ products, emit, every: ms = MINUTE }: WatchedProducts): IssuerWatch {
  const asked = [...products].filter(([, { check }]) => check !== undefined);
  const watches = asked.map(([authority, product]) => [authority, watchIssuer(authority, product, emit)] as const);
  const lookAtAll = (): void => watches.forEach(([, { look }]) => void look());
  lookAtAll();
  const stop = watches.length > 0 ? every(ms, lookAtAll) : () => undefined;
  return {
    standings: new Map(watches.map(([authority, { reason }]) => [authority, reason])),
    warnings: new Map(watches.map(([authority, { warnings }]) => [authority, warnings])),
    end() {
      for (const [, { end }] of watches) end();
      stop();
    },
  };
}

type Watch = {
  look: () => Promise<void>;
  reason: () => string | undefined;
  warnings: () => readonly string[];
  end: () => void;
};

/** One question at a time. After `end` no answer is told. */
function watchIssuer(authority: string, product: CaProduct, emit: Emit): Watch {
  let reason: string | undefined;
  let warnings: readonly string[] = [];
  let isRunning = false;
  let isEnded = false;
  const tellReason = (now: string | undefined): void => {
    if (reason === undefined && now !== undefined) emit({ event: 'issuer-failed', authority, reason: now });
    if (reason !== undefined && now === undefined) emit({ event: 'issuer-works', authority });
    reason = now;
  };
  const tellWarnings = (now: readonly string[]): void => {
    const isNew = now.join('\n') !== warnings.join('\n');
    if (isNew && now.length > 0) emit({ event: 'issuer-warns', authority, warnings: now });
    if (isNew && now.length === 0) emit({ event: 'issuer-warns-no-more', authority });
    warnings = now;
  };
  async function look(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    const { ok, detail, warnings: said = [] } = await productStanding(product, systemDeadline());
    isRunning = false;
    if (isEnded) return;
    tellReason(ok ? undefined : detail);
    // One that cannot be used says nothing of what it warned of before.
    if (ok) tellWarnings(said);
  }
  return { look, reason: () => reason, warnings: () => warnings, end: () => void (isEnded = true) };
}
