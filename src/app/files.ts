/** Reads and writes the files that a configuration names; an error names the file, the reason and the remedy. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
};

/** The content of a file. `what` names its purpose for the error: `the issuing CA certificate`. Throws ConfigError. */
export function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `${path}: ${REASONS[code] ?? code} (${what})`,
      'Check the path in the configuration and the rights of the file.',
      { cause },
    );
  }
}

const OTHERS = 0o077;

/** As `readFile`, for private keys. Throws ConfigError also when other users may read the file. */
export function readPrivateFile(path: string, what: string): Buffer {
  const content = readFile(path, what);
  // Windows has no such permission bits; there the folder protects the file.
  if (process.platform !== 'win32' && statSync(path).mode & OTHERS)
    throw new ConfigError(`${path}: others may read this private key (${what})`, `Run: chmod 600 ${path}`);
  return content;
}

/** Writes a file that only its owner may read. After a crash the file is either complete or absent. */
export const writePrivateFile = (path: string, content: string | Uint8Array): void =>
  writeAtomically(path, content, 0o600);

/** Writes a file that all users may read. After a crash the file is either complete or absent. */
export const writePublicFile = (path: string, content: string | Uint8Array): void =>
  writeAtomically(path, content, 0o644);

function writeAtomically(path: string, content: string | Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  // A new file under a random name: an existing file would keep its mode, and a prepared link would be followed.
  const temporary = `${path}.${randomUUID()}`;
  try {
    writeFileSync(temporary, content, { mode, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
