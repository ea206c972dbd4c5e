/**
 * Ids that the program makes, for a database that several servers write to: ordered by time and unique without a sequence,
 * which every server would have to ask. An id is a time and, in its low digits, a slot that a server chose by chance.
 */
import { PostgresAdapter } from 'kysely';
import type { Clock } from '../core/environment.ts';
import type { Database, Moment } from './tables.ts';

/** 2024-01-01, UTC. Ids stay safe integers until 2093. */
const EPOCH = 1_704_067_200_000;
/** Servers whose ids differ although they are of one moment. */
const SLOTS = 512;
/** Ids of one server in a millisecond. With more it is ahead of the clock for a while. */
const TICKS = 8;

/** Every id of this moment or later is at least this one. */
export const firstIdOf = (moment: Moment): number => (moment - EPOCH) * TICKS * SLOTS;

/** Gives out ids, each higher than the one before, also when the clock is set back. */
export type RowIds = {
  next(): number;
  /** Takes another slot: another server may have the same. */
  move(): void;
  /** The clock from now on. Before, ids begin at the last one. */
  follow(clock: Clock): void;
};

/** `random`: from 0 to 1. */
export function rowIds(random: () => number): RowIds {
  let now: Clock | undefined;
  let last = 0;
  let slot = Math.floor(random() * SLOTS);
  return {
    next() {
      const tick = now ? (now().getTime() - EPOCH) * TICKS : 0;
      last = Math.max(tick, last + 1);
      return last * SLOTS + slot;
    },
    move() {
      slot = (slot + 1 + Math.floor(random() * (SLOTS - 1))) % SLOTS;
    },
    follow(clock) {
      now = clock;
    },
  };
}

/** Belongs to an open database whose rows get their ids from the program. */
export class NumberingAdapter extends PostgresAdapter {
  readonly ids: RowIds;
  constructor(ids: RowIds) {
    super();
    this.ids = ids;
  }
}

const numbering = (db: Database): NumberingAdapter | undefined => {
  const { adapter } = db.getExecutor();
  return adapter instanceof NumberingAdapter ? adapter : undefined;
};

const BY_DATABASE: { id?: number } = {};

/** The id of a new row; without one where the database numbers rows by itself. */
export function newId(db: Database): { id?: number } {
  const adapter = numbering(db);
  return adapter ? { id: adapter.ids.next() } : BY_DATABASE;
}

/** Whether `newId` has an id. */
export const isNumbered = (db: Database): boolean => numbering(db) !== undefined;
