/** One server for one file: the recovery at its start takes what it finds unfinished for what a dead server left behind. */
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../core/errors.ts';
import { createPrivately } from './sqlite.ts';
import { isBusy } from './sqlite-faults.ts';

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
    if (!isBusy(cause)) throw cause;
    throw new ConfigError(
      `store: ${path} belongs to another server that is running`,
      'Stop that one first, or give this one a store of its own: one file serves one server.',
      { cause },
    );
  }
  return { release: () => void (lock.isOpen && lock.close()) };
}
