/** A whole table in pages, so that any number of rows needs the memory of one page, and a server writes in between. */
import type { ExaminedRows, StoreFault } from '../core/store-faults.ts';

/** What was found, page by page. */
export type Examined = AsyncGenerator<ExaminedRows>;

/** `last`: the id of the last row that was read; absent when there was none. */
type Page = { rows: number; faults: readonly StoreFault[]; last: number | undefined };

/** Rows of one page: some milliseconds of reading. */
const PAGE = 500;

/** Calls `read` with the id after which the next page begins. */
export async function* pages(table: string, read: (after: number, limit: number) => Promise<Page>): Examined {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { rows, faults, last } = await read(after, PAGE);
    yield { table, rows, faults };
    after = rows < PAGE ? undefined : last;
  }
}

/** What to do about a row that no part of the product writes so. */
export const RESTORE =
  'Keep a copy of the store, and restore the last backup that `openndes store check` finds in order: the log has what happened since.';
