/** Looks once a minute at what is wrong, and keeps it in the store with the moment since when. */
import { type Condition, type Conditions, conditionSince, inOrder } from '../core/condition.ts';
import type { ConditionChanges, ConditionStore } from '../core/condition-store.ts';
import { MINUTE } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import { every as repeatedly } from '../embed/system.ts';
import { type SeenNow, storeCondition } from './seen-conditions.ts';

/**
 * `look`: what this server sees now; `settled`: whether it has run for so long that its jobs have run. `alone`: no other server uses the store. `changed` is told what has opened and closed.
 * `every`: milliseconds between two looks; a minute when absent.
 */
export type ConditionWatchParts = {
  look: (settled: boolean) => Promise<SeenNow>;
  store: Pick<ConditionStore, 'recordConditions' | 'listConditions'>;
  server: string;
  alone: boolean;
  changed?: (changes: ConditionChanges) => void;
  clock: Clock;
  every?: number;
};

/** `conditions` does not throw: while the store fails it has what was known before, and that. `end` waits for a look that has begun. */
export type ConditionWatch = { conditions: () => Promise<Conditions>; end: () => Promise<void> };

/** Looks after a start in which nothing is closed: tenants and keys are not asked at once, and jobs have not run. */
const UNSETTLED = 3;

/**
 * The first look is at once. No job: each server has its own way to keys, tenants and certificates, and what one of them sees is
 * no less wrong because another one does not.
 */
export function conditionWatch(parts: ConditionWatchParts): ConditionWatch {
  const { store, clock } = parts;
  const known: Known = { open: [], checkedAt: clock(), looks: 0 };
  let running: Promise<void> | undefined;
  const turn = (): Promise<void> => (running ??= lookOnce(parts, known).finally(() => (running = undefined)));
  const first = turn();
  const stop = repeatedly(parts.every ?? MINUTE, () => void turn());
  return {
    async conditions() {
      await first;
      try {
        const { open, checkedAt } = await store.listConditions();
        known.open = open;
        return { open: withUnrecorded(open, known), checkedAt: checkedAt ?? known.checkedAt };
      } catch {
        return { open: withUnrecorded(known.open, known), checkedAt: known.checkedAt };
      }
    },
    async end() {
      stop();
      await running;
    },
  };
}

/** `failed`: that the last look could not be recorded, and why. */
type Known = { open: Condition[]; checkedAt: Date; looks: number; failed?: Condition | undefined };

/** Does not throw. */
async function lookOnce(
  { look, store, server, alone, changed, clock }: ConditionWatchParts,
  known: Known,
): Promise<void> {
  const settled = known.looks >= UNSETTLED;
  const { seen, complete } = await look(settled);
  known.checkedAt = clock();
  try {
    const changes = await store.recordConditions({ server, seen, alone, closes: complete && settled });
    known.looks += 1;
    known.failed = undefined;
    changed?.(changes);
  } catch (error) {
    known.failed ??= conditionSince(storeCondition(error instanceof Error ? error.message : String(error)), clock());
  }
}

const withUnrecorded = (open: readonly Condition[], { failed }: Known): Condition[] =>
  inOrder(failed ? [failed, ...open.filter(({ id }) => id !== failed.id)] : open);
