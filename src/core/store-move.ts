/** What the copy of a store into another database says. */

/** One table. `rows`: in the source; `copied`: by this run. The hashes are equal when every row is. */
export type MovedTable = { table: string; rows: number; copied: number; sha256: string; copiedSha256: string };

/** `differences`: clauses, one for each table that is not the same. `seconds`: to copy; the comparison is not in it. */
export type MovedStore = { tables: readonly MovedTable[]; differences: readonly string[]; seconds: number };

/** How far one table is. */
export type MoveProgress = { step: 'compare' | 'copy' | 'verify'; table: string; rows: number };
