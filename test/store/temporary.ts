/** A database file of one test, gone with the process of the tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directory = mkdtempSync(join(tmpdir(), 'openndes-store-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

let count = 0;

/** A path at which nothing exists yet, in a directory of its own that exists neither. */
export const temporaryFile = (): string => join(directory, String(++count), 'store.db');
