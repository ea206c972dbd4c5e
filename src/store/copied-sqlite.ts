/** An SQLite store that is copied: while it is open, no server and no command writes to it. */
import { existsSync } from 'node:fs';
import { CompiledQuery } from 'kysely';
import { ConfigError } from '../core/errors.ts';
import type { Engine } from './engine.ts';
import { hasCurrentSchema, openDatabase } from './sqlite.ts';
import { claimForCopy } from './sqlite-claim.ts';
import { sqliteEngine } from './sqlite-engine.ts';

/** Changes nothing in it. Throws ConfigError when it is not there, is in use, or is of another version. */
export async function openCopiedSqlite(path: string): Promise<Pick<Engine, 'db'> & { close: () => Promise<void> }> {
  if (!existsSync(path))
    throw new ConfigError(
      `store: there is no store at ${path}`,
      'There is nothing to copy: write the new `store` section into the configuration, and start `openndes serve`.',
    );
  const { release } = claimForCopy(path);
  try {
    const engine = await locked(path);
    const close = async (): Promise<void> => {
      await engine.close();
      release();
    };
    return { db: engine.db, close };
  } catch (error) {
    release();
    throw error;
  }
}

/** The lock of writers keeps commands from writing what would not be copied. */
async function locked(path: string): Promise<Engine> {
  if (!hasCurrentSchema(path))
    throw new ConfigError(
      `store: ${path} was written by another version of openndes`,
      'Start `openndes serve` of this version on it once, which upgrades an older store, and stop it again.',
    );
  const engine = sqliteEngine(openDatabase(path), path);
  try {
    await engine.db.executeQuery(CompiledQuery.raw(engine.dialect.begin));
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}
