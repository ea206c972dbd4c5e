/** The rows of a whole table in one order on every database, and as values that are the same on every database. */
import { type RawBuilder, sql } from 'kysely';
import type { Database } from './tables.ts';

/** A row as the database returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** A row of text, numbers and null: octets in hexadecimal after `\x`, as PostgreSQL reads them. */
export type PortableRow = Readonly<Record<string, string | number | null>>;

/** The values of the primary key. */
export type Key = readonly (string | number)[];

/** Which table, and after which row it begins. */
export type TableRows = { table: string; key: readonly string[]; after?: Key | undefined };

/** Rows of one page: some megabytes at most. */
const PAGE = 1_000;

/** Page by page in the order of the primary key, which is that of octets in text. */
export async function* pagesOf(db: Database, { table, key, after }: TableRows): AsyncGenerator<Row[]> {
  const order = sql.join(key.map((column) => sql.ref(column)));
  for (let last = after; ; ) {
    const later: RawBuilder<unknown> = last ? sql`where (${order}) > (${sql.join(last)})` : sql``;
    const query = sql<Row>`select * from ${sql.table(table)} ${later} order by ${order} limit ${sql.lit(PAGE)}`;
    const { rows } = await query.execute(db);
    if (rows.length > 0) yield rows;
    const end = rows.at(-1);
    if (!end || rows.length < PAGE) return;
    last = key.map((column) => end[column] as string | number);
  }
}

/** PostgreSQL has no NUL in text: its connection writes U+FFFD instead. */
export function portable(row: Row): PortableRow {
  const values: Record<string, string | number | null> = {};
  for (const column in row) values[column] = portableValue(row[column]);
  return values;
}

function portableValue(value: unknown): string | number | null {
  if (value === null || typeof value === 'number') return value;
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`;
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', REPLACED) : value;
  throw new TypeError(`a value of the type ${typeof value} in a row`);
}

const REPLACED = '\ufffd';

/** A row, what it is found by, and all of it as text. */
export type ComparedRow = { key: Key; text: string };

/** Which rows, and how a row with secrets is opened. */
export type ComparedRows = TableRows & { open?: ((row: Row) => Row) | undefined };

/** The rows of a table in the order of `compareKeys`, ready to be compared with those in another database. */
export async function* comparedRows(
  db: Database,
  { open = (row) => row, ...table }: ComparedRows,
): AsyncGenerator<ComparedRow> {
  const last: ComparedRow[] = [];
  for await (const page of pagesOf(db, table)) {
    const columns = Object.keys(page[0] ?? {}).sort();
    for (const row of page) {
      const values = portable(open(row));
      const text = JSON.stringify(columns.map((column) => values[column]));
      const compared = { key: table.key.map((column) => values[column] ?? ''), text };
      if (isInOrder(compared.key)) yield compared;
      else last.push(compared);
    }
  }
  yield* last.sort((a, b) => compareKeys(a.key, b.key));
}

/** What stands for NUL has another place in the order: such rows come last. */
export const isInOrder = (key: Key): boolean =>
  !key.some((value) => typeof value === 'string' && value.includes(REPLACED));

/** Below zero when the first one comes first. */
export function compareKeys(a: Key, b: Key): number {
  const aside = Number(isInOrder(b)) - Number(isInOrder(a));
  if (aside !== 0) return aside;
  for (const [at, value] of a.entries()) {
    const order = compareValues(value, b[at] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

const compareValues = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number'
    ? a - b
    : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
