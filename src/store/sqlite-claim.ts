/** One server for one file: the recovery at its start takes what it finds unfinished for what a dead server left behind. */
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../core/errors.ts';
import { createPrivately } from './private-file.ts';
import { isBusy, remedyFor } from './sqlite-faults.ts';

/**
 * Makes this process the only server of the store at `path`, until `release` or its end, however it ends: the system
 * gives the lock on `<path>-server` back. Commands that read or write the store are not kept out. Throws ConfigError
 * when another server has it.
 */
export function claimSqlite(path: string): { release: () => void } {
  if (path === ':memory:') return { release: () => {} };
  const file = `${path}-server`;
  createPrivately(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    if (!isBusy(cause))
      throw new ConfigError(`store: ${file} cannot be used: ${(cause as Error).message}`, remedyFor(cause), { cause });
    throw new ConfigError(
      `store: ${path} belongs to another server that is running`,
      'Stop that one first, or give this one a store of its own: one file serves one server.',
      { cause },
    );
  }
  return { release: () => void (lock.isOpen && lock.close()) };
}

/** As `claimSqlite`, for a store of an older version: its server would go on writing what this one no longer finds. */
export const claimForUpgrade = (path: string): { release: () => void } =>
  claimFor(path, {
    what: 'was written by an older version, and a server is running on it',
    remedy: 'Stop that server before this version brings the store up to date.',
  });

/** As `claimSqlite`, for a store that is copied. */
export const claimForCopy = (path: string): { release: () => void } =>
  claimFor(path, {
    what: 'is used by a server that is running',
    remedy: 'Stop it first: what it writes from now on would not be in the copy.',
  });

function claimFor(path: string, { what, remedy }: { what: string; remedy: string }): { release: () => void } {
  try {
    return claimSqlite(path);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw isBusy(cause) ? new ConfigError(`store: ${path} ${what}`, remedy, { cause }) : cause;
  }
}
