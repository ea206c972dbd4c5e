/** Writes files that belong together: all of them, or none. */
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { makeFolder, writing } from './files.ts';

/** One file. With `secret` only its owner may read it. */
export type NewFile = { path: string; content: string | Uint8Array; secret?: boolean };

/**
 * Writes the files in this order, each complete or absent. When one cannot be written, as on a full disk, none is. Throws
 * ConfigError then, and when a file is there already with another content: nothing is replaced.
 */
export function writeTogether(files: readonly NewFile[]): void {
  const wanted = files.filter((file) => !isThere(file));
  const staged: { path: string; temporary: string }[] = [];
  try {
    for (const file of wanted) staged.push(stage(file));
    for (const { path, temporary } of staged) renameSync(temporary, path);
  } finally {
    for (const { temporary } of staged) rmSync(temporary, { force: true });
  }
}

/** Whether the file has this content already. Throws ConfigError when it has another. */
function isThere({ path, content }: NewFile): boolean {
  if (!existsSync(path)) return false;
  if (readFileSync(path).equals(Buffer.from(content))) return true;
  throw new ConfigError(`${path} is already there`, 'Choose another folder; nothing was changed.');
}

function stage({ path, content, secret }: NewFile): { path: string; temporary: string } {
  // A new file under a random name: a prepared link would be followed.
  const temporary = `${path}.${randomUUID()}`;
  writing(path, () => {
    makeFolder(dirname(path));
    try {
      writeFileSync(temporary, content, { mode: 0o600, flag: 'wx', flush: true });
      if (!secret) chmodSync(temporary, 0o644);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
  return { path, temporary };
}
