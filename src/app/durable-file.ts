/** A file that is written piece by piece, and gets its name when it is whole. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { writing } from './files.ts';

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Writes the new file `path`, mode 0600, and has it on the disk. */
export async function writeDurably(path: string, content: Pieces): Promise<void> {
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const piece of content) for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes or replaces the file `path`, mode 0600. Throws ConfigError when its folder does not allow it; then nothing is left. */
export async function writeWhole(path: string, content: Pieces): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  writing(path, () => closeSync(openSync(temporary, 'wx', 0o600)));
  try {
    rmSync(temporary);
    await writeDurably(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
