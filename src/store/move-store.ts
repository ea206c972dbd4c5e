/** Copies a whole store into another database, and compares both: what is there of an earlier run is kept. */
import { sql } from 'kysely';
import { ConfigError } from '../core/errors.ts';
import type { MovedStore, MovedTable, MoveProgress } from '../core/store-move.ts';
import { type Comparison, compareTables } from './compared-tables.ts';
import { copyTable } from './copied-table.ts';
import { beginCopy, endCopy } from './copy-mark.ts';
import type { Engine } from './engine.ts';
import type { RowChange } from './sealed-rows.ts';
import { COPIED, type CopiedTable } from './moved-tables.ts';
import type { Sealer } from './sealer.ts';
import { comparedRows, type Key } from './table-rows.ts';
import type { Database } from './tables.ts';

/** Nothing else may write to either meanwhile. `where` names the target. `now`: milliseconds. */
export type Moving = {
  from: Database;
  to: Engine;
  where: string;
  sealer: Sealer | undefined;
  now: () => number;
  told: (progress: MoveProgress) => void;
};

/**
 * Throws ConfigError, and writes nothing, when the target has rows that the source has not. Until every row is the same no server can
 * use the target.
 */
export async function moveStore(moving: Moving): Promise<MovedStore> {
  const before = await whatIsThere(moving);
  if (before.some(({ found }) => found?.missing !== 0)) await beginCopy(moving.to.db);
  const began = moving.now();
  const copied = new Map<string, number>();
  for (const { table, found } of before)
    if (found?.missing !== 0) copied.set(table.table, await copy(moving, table, found?.complete));
  await gatherStatistics(moving.to, [...copied.keys()]);
  const seconds = (moving.now() - began) / 1000;
  const after: Compared[] = [];
  for (const { table, found } of before)
    after.push({ table, found: found?.missing === 0 ? found : await compare(moving, table, 'verify') });
  const differences = after.flatMap(differenceOf);
  if (differences.length === 0) await endCopy(moving.to.db);
  const tables = after.map(({ table, found }) => movedTable(table, found, copied.get(table.table) ?? 0));
  return { tables, differences, seconds };
}

/** Nothing is found in an empty table of the target. */
async function whatIsThere(moving: Moving): Promise<{ table: CopiedTable; found: Comparison | undefined }[]> {
  const all: { table: CopiedTable; found: Comparison | undefined }[] = [];
  for (const table of COPIED) {
    const found = (await isEmpty(moving.to.db, table)) ? undefined : await compare(moving, table, 'compare');
    if (found?.other) throw notEmpty(moving.where, table, found.other);
    all.push({ table, found });
  }
  return all;
}

async function isEmpty(db: Database, { table }: CopiedTable): Promise<boolean> {
  return (await sql`select 1 from ${sql.table(table)} limit 1`.execute(db)).rows.length === 0;
}

type Compared = { table: CopiedTable; found: Comparison };

async function compare(moving: Moving, table: CopiedTable, step: MoveProgress['step']): Promise<Comparison> {
  const { from, to, sealer, told } = moving;
  const open = sealer && table.sealed?.(sealer).open;
  const own = comparedRows(from, { ...table, open: open && naming(table.table, open) });
  const copied = comparedRows(to.db, { ...table, open: open && tolerant(open) });
  return compareTables(own, copied, (rows) => told({ step, table: table.table, rows }));
}

async function copy({ from, to, sealer, told }: Moving, table: CopiedTable, after: Key | undefined): Promise<number> {
  const { table: name, key } = table;
  const seal = sealer && table.sealed?.(sealer).seal;
  return copyTable({
    from,
    to,
    table: { table: name, key, after },
    seal: seal && naming(name, seal),
    told: (rows) => told({ step: 'copy', table: name, rows }),
  });
}

/** The planner of the database needs statistics of the rows that were copied. */
async function gatherStatistics({ db }: Engine, copied: readonly string[]): Promise<void> {
  for (const table of copied) await sql`analyze ${sql.table(table)}`.execute(db);
}

/** A row that does not open is not the same as any other. */
const tolerant =
  (open: RowChange): RowChange =>
  (row) => {
    try {
      return open(row);
    } catch {
      return row;
    }
  };

/** Names the row whose secret cannot be read. */
const naming =
  (table: string, change: RowChange): RowChange =>
  (row) => {
    try {
      return change(row);
    } catch (cause) {
      throw new ConfigError(
        `store migrate: row ${String(row['id'])} of ${table} cannot be read`,
        'Run `openndes store check`, which says what to do about it, and then this command again.',
        { cause },
      );
    }
  };

const movedTable = ({ table }: CopiedTable, { source, copy }: Comparison, copied: number): MovedTable => ({
  table,
  rows: source.rows,
  copied,
  sha256: source.sha256,
  copiedSha256: copy.sha256,
});

function differenceOf({ table: { table, key }, found }: Compared): string[] {
  const { source, copy, missing, lost, other } = found;
  if (lost) return [`${table}: ${missing} of ${source.rows} rows are missing, the first one is ${rowText(key, lost)}`];
  if (other) return [`${table}: ${rowText(key, other)} is not the same`];
  return source.sha256 === copy.sha256 ? [] : [`${table}: the content is not the same`];
}

const rowText = (columns: readonly string[], key: Key): string =>
  columns.map((column, at) => `${column} ${String(key[at])}`).join(', ');

const notEmpty = (where: string, { table, key }: CopiedTable, other: Key): ConfigError =>
  new ConfigError(
    `store migrate: ${where} has other data than the store that is to be copied: ${table}, ${rowText(key, other)}`,
    'Name an empty database. Where a server has used this one since it was copied, there is nothing left to copy.',
  );
