/** The files of a store: for their owner alone, from the first moment on. */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';

/**
 * Creates the file, and its folder, when they are missing. SQLite gives its log and index files the mode of the database
 * file, so this one call covers all three. Throws ConfigError when this process may not write there.
 */
export function createPrivately(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const reason = REFUSED[code];
    if (reason === undefined) throw cause;
    throw new ConfigError(
      `store: ${path} cannot be written: ${reason} (${code})`,
      `Give the user that runs openndes the right to write ${path} and into its folder, or name another place in \`store:\`.`,
      { cause },
    );
  }
}

const REFUSED: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
};

const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Throws ConfigError when others may read or change the file, or replace it in its folder. Others than the owner cannot
 * change what the owner grants to a group. Windows has no such bits.
 */
export function assertPrivate(path: string): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  const { mode, uid } = statSync(path);
  if (mode & (uid === own ? 0o077 : 0o007))
    throw new ConfigError(`store: ${path}: others may read or change this file`, `Run: chmod 600 ${path}*`);
  const folder = dirname(path);
  const { mode: around } = statSync(folder);
  if (around & OTHERS_WRITE && !(around & STICKY))
    throw new ConfigError(`store: ${folder}: every user may replace files in this folder`, `Run: chmod o-w ${folder}`);
}
