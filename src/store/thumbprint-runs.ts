/**
 * How SQLite finds a certificate by its thumbprint. Thumbprints are random, and an index of them would be written all over. So it
 * is one of runs: in each run of some thousand rows it is by thumbprint, and a new row is written among those of the last run.
 */
import { type RawBuilder, sql } from 'kysely';
import { isNumbered } from './row-ids.ts';
import type { Database } from './tables.ts';

type Thumbprint = 'thumbprint' | 'thumbprint_sha256';

/** Rows of a run: 4,096. A search looks into each run once. */
export const runOfRow = sql<number>`id >> 12`;

const DIGITS = 8;

/** What the index has of a thumbprint. */
export const beginningOf = (column: Thumbprint) => sql<string>`substr(${sql.ref(column)}, 1, ${sql.lit(DIGITS)})`;

/** Hexadecimal digits of SHA-1. */
const SHA1_DIGITS = 40;

/** Rows of certificates with this thumbprint, as in CertificateFilter. */
export function withThumbprint(db: Database, text: string): RawBuilder<{ id: number }> {
  const isSha1 = text.length === SHA1_DIGITS;
  const column = isSha1 ? 'thumbprint' : 'thumbprint_sha256';
  const value = isSha1 ? text.toUpperCase() : text.toLowerCase();
  if (isNumbered(db)) return sql<{ id: number }>`select id from certificates where ${sql.ref(column)} = ${value}`;
  return sql<{ id: number }>`select id from (with recursive runs(run) as (select 0 union all
      select run + 1 from runs where run < (select max(id) from certificates) >> 12)
    select id from runs cross join certificates where ${runOfRow} = runs.run
      and ${beginningOf(column)} = ${value.slice(0, DIGITS)} and ${sql.ref(column)} = ${value}) as found`;
}
