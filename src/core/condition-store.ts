/** What is wrong now, kept so that it is known since when, on whichever server it was seen first. */
import type { Condition, SeenCondition } from './condition.ts';
import type { OutboxStanding } from './records.ts';

/**
 * What one server sees. `alone`: no other server uses the store, so that what an earlier process saw counts no more. `closes`:
 * false in the first minutes after a start, when not everything was looked at: what was there before stays open.
 */
export type ConditionLook = { server: string; seen: readonly SeenCondition[]; alone: boolean; closes: boolean };

/** What the look has changed for all servers together. */
export type ConditionChanges = { opened: Condition[]; closed: Condition[] };

/** Conditions of all servers of a store. One that several servers see is one condition. */
export interface ConditionStore {
  /**
   * Replaces what this server saw before. A condition is open while a server sees it that has looked in the last three
   * minutes. `since` stays as long as it is open, also when another server saw it first.
   */
  recordConditions(look: ConditionLook): Promise<ConditionChanges>;
  /** In the order of `inOrder`. `checkedAt` is absent before the first look. */
  listConditions(): Promise<{ open: Condition[]; checkedAt?: Date }>;
  /** How many servers have looked in the three minutes before the last look of any of them. */
  countServers(): Promise<number>;
  /** How many requests wait for the approval of a person, and since when the oldest one does. */
  approvalStanding(): Promise<OutboxStanding>;
}
