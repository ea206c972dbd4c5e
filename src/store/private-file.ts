/** The files of a store: for their owner alone, from the first moment on. */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';

/** SQLite gives its log and index files the mode of the database file, so this one call covers all three. */
export function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

const OTHERS = 0o077;

/** Windows has no such bits; and who is not the owner cannot change them, nor answer for them. */
export function assertPrivate(path: string): void {
  const { mode, uid } = statSync(path);
  if (process.platform === 'win32' || uid !== process.getuid?.() || !(mode & OTHERS)) return;
  throw new ConfigError(`store: ${path}: others may read or change this file`, `Run: chmod 600 ${path}*`);
}
