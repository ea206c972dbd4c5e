/**
 * Applies the migrations that a database has not been through: in order, each once, all in one transaction. The version
 * before this one may serve meanwhile, and goes on doing so afterwards.
 */
import { CompiledQuery } from 'kysely';
import { ConfigError } from '../core/errors.ts';
import type { Dialect } from './dialect.ts';
import { type Engine, transact } from './engine.ts';
import { MIGRATIONS, OLDEST_BESIDE } from './migrations.ts';
import type { Database } from './tables.ts';

/** How often the transaction is tried while others keep a table locked, and the milliseconds in which they work in between. */
const TRIES = 20;
const PAUSE = 5_000;

/**
 * Brings the database to the version of this program. Processes that start together wait for each other. Returns what
 * an administrator should know about the rows that were there, one sentence each, and of a newer version that has extended
 * the database. Throws ConfigError when a newer version has changed it so that this one cannot use it; `where` names the
 * database for that error.
 */
export async function migrate(engine: Engine, where: string): Promise<string[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await transact(engine, (tx) => bringUpToDate(tx, engine.dialect, where));
    } catch (error) {
      if (!engine.dialect.isUndone(error) || tries === TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function bringUpToDate(tx: Database, dialect: Dialect, where: string): Promise<string[]> {
  for (const statement of dialect.beginMigration ?? []) await tx.executeQuery(CompiledQuery.raw(statement));
  const standing = await readStanding(tx);
  const { version } = standing;
  if (version === MIGRATIONS.length) return [];
  if (version > MIGRATIONS.length) return beside(standing, where);
  const said: string[] = [];
  for (const migration of MIGRATIONS.slice(version)) said.push(...((await migration(tx, dialect)) ?? []));
  await tx.updateTable('schema_version').set({ version: MIGRATIONS.length, oldest: OLDEST_BESIDE }).execute();
  return said;
}

/** What is recorded of the schema. `oldest` is missing where no version wrote it that lets others serve beside it. */
export type SchemaStanding = { version: number; oldest?: number };

/** Whether this version can use the schema: it made it, or a newer one that only added to it. */
export const isUsable = ({ version, oldest = version }: SchemaStanding): boolean =>
  version >= MIGRATIONS.length && oldest <= MIGRATIONS.length;

function beside(standing: SchemaStanding, where: string): string[] {
  if (!isUsable(standing)) throw newer(where, standing.version);
  return [
    `a newer version of openndes has extended it (schema ${standing.version}; this one knows ${MIGRATIONS.length}), and ` +
      'this one can serve beside it. Upgrade this one too',
  ];
}

async function readStanding(tx: Database): Promise<SchemaStanding> {
  await tx.schema
    .createTable('schema_version')
    .ifNotExists()
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
  await tx
    .insertInto('schema_version')
    .values({ id: 1, version: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const standing: SchemaStanding = await tx.selectFrom('schema_version').selectAll().executeTakeFirstOrThrow();
  if (standing.oldest === undefined)
    await tx.schema
      .alterTable('schema_version')
      .addColumn('oldest', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  return standing;
}

const newer = (where: string, version: number): ConfigError =>
  new ConfigError(
    `store: ${where} was written by a newer version of openndes (schema ${version}; this one knows ${MIGRATIONS.length})`,
    'Start the newer version again, or restore the backup that was made before the upgrade.',
  );
