/** Applies the migrations that a database has not been through: in order, each once, all in one transaction. */
import { CompiledQuery } from 'kysely';
import { ConfigError } from '../core/errors.ts';
import { type Engine, transact } from './engine.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Database } from './tables.ts';

/**
 * Brings the database to the version of this program. Processes that start together wait for each other. Returns what
 * an administrator should know about the rows that were there, one sentence each. Throws ConfigError when a newer
 * version has written it; `where` names the database for that error.
 */
export async function migrate(engine: Engine, where: string): Promise<string[]> {
  return transact(engine, async (tx) => {
    if (engine.dialect.migrationLock) await tx.executeQuery(CompiledQuery.raw(engine.dialect.migrationLock));
    const version = await readVersion(tx);
    if (version > MIGRATIONS.length) throw newer(where, version);
    const said: string[] = [];
    for (const migration of MIGRATIONS.slice(version)) said.push(...((await migration(tx, engine.dialect)) ?? []));
    await tx.updateTable('schema_version').set({ version: MIGRATIONS.length }).execute();
    return said;
  });
}

async function readVersion(tx: Database): Promise<number> {
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
  return (await tx.selectFrom('schema_version').select('version').executeTakeFirstOrThrow()).version;
}

const newer = (where: string, version: number): ConfigError =>
  new ConfigError(
    `store: ${where} was written by a newer version of openndes (schema ${version}; this one knows ${MIGRATIONS.length})`,
    'Start the newer version again, or restore the backup that was made before the upgrade.',
  );
