/** What is wrong with a store: what a check of all of it finds, and what an error of one call leaves open. */

/** One thing that is wrong. `row`: which one, as people name it; `what`: a clause that follows it; `remedy`: a sentence. */
export type StoreFault = { table: string; row: string; what: string; remedy: string };

/** Rows of a table that were looked at, and what is wrong with them. */
export type ExaminedRows = { table: string; rows: number; faults: readonly StoreFault[] };

/** A write failed, and what it wrote may be recorded all the same: the answer to its commit was lost. */
export const mayBeRecorded = (error: unknown): boolean =>
  (error as { mayBeRecorded?: unknown } | undefined)?.mayBeRecorded === true;
