/** Copies one table into a PostgreSQL database. What is there already stays. */
import { sql } from 'kysely';
import type { Engine } from './engine.ts';
import type { RowChange } from './sealed-rows.ts';
import { pagesOf, type PortableRow, portable, type TableRows } from './table-rows.ts';
import type { Database } from './tables.ts';
import { tried } from './undone.ts';

/** `seal`: for a table with secrets. `told` gets the number of rows that were read, after each page. */
export type Copying = {
  from: Database;
  to: Engine;
  table: TableRows;
  seal?: RowChange | undefined;
  told: (rows: number) => void;
};

/** Pages that are written at the same time: the next one is read and packed meanwhile. */
const AT_ONCE = 3;

/** Each page is one statement, and so there as a whole or not at all. Returns how many rows were added. */
export async function copyTable({ from, to, table, seal = (row) => row, told }: Copying): Promise<number> {
  const writing = new Set<Promise<void>>();
  const copied = { read: 0, added: 0 };
  const write = async (rows: PortableRow[]): Promise<void> => {
    const added = await insertPage(to, table.table, rows);
    copied.added += added;
    copied.read += rows.length;
    told(copied.read);
  };
  for await (const page of pagesOf(from, table)) {
    // One that failed stays, so that the race, or what follows the last page, throws.
    const written: Promise<void> = write(page.map((row) => portable(seal(row)))).then(
      () => void writing.delete(written),
    );
    written.catch(() => {});
    writing.add(written);
    if (writing.size === AT_ONCE) await Promise.race(writing);
  }
  await Promise.all(writing);
  return copied.added;
}

/** One parameter whatever the number of rows: a statement has at most 65,535. */
async function insertPage(to: Engine, table: string, rows: readonly PortableRow[]): Promise<number> {
  const columns = sql.join(Object.keys(rows[0] ?? {}).map((column) => sql.ref(column)));
  const query = sql`insert into ${sql.table(table)} (${columns})
    select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::text::json)
    on conflict do nothing`;
  return tried(to, async () => Number((await query.execute(to.db)).numAffectedRows ?? 0));
}
