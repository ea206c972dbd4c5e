/** Whether this process could open the store for writing, without creating anything. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { assertWritable, writing } from './files.ts';

/** Throws ConfigError when the file, or the folder for it and for the files beside it, cannot be written. */
export function assertStorePlace(path: string): void {
  try {
    if (existsSync(path)) writing(path, () => closeSync(openSync(path, 'r+')));
    assertWritable(join(existingFolder(dirname(path)), basename(path)));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ConfigError(`store: ${cause.message}`, cause.remedy.replace('name another place', 'change `store:`'), {
      cause,
    });
  }
}

/** The folder, or the nearest one above it that exists: the server makes the rest. */
const existingFolder = (folder: string): string => (existsSync(folder) ? folder : existingFolder(dirname(folder)));
