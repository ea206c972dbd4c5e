/** How many requests ended how, hour by hour: what a chart is drawn from. It is kept when the requests themselves are too many to be. */

/** `waiting`: the client is to come again. */
export type CountedOutcome = 'issued' | 'refused' | 'waiting';

/** `hour`: when it began, by UTC. `endpoint`: its name; empty where the path is of none. */
export type HourCount = { hour: Date; endpoint: string; outcome: CountedOutcome; number: number };

/** Counts of all servers of a store together. */
export interface HourCountStore {
  /** Of the hours that began at this moment or later, the oldest first, then by endpoint and outcome. */
  findHourCounts(since: Date): Promise<HourCount[]>;
  /** Removes the hours that began before this moment. Returns how many rows that were. */
  removeHourCounts(before: Date): Promise<number>;
}
