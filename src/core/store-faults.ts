/** What a check of a whole store finds. */

/** One thing that is wrong. `row`: which one, as people name it; `what`: a clause that follows it; `remedy`: a sentence. */
export type StoreFault = { table: string; row: string; what: string; remedy: string };

/** Rows of a table that were looked at, and what is wrong with them. */
export type ExaminedRows = { table: string; rows: number; faults: readonly StoreFault[] };
