/** Reads and writes the files that a configuration names; an error names the file, the reason and the remedy. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { assertPrivate, assertUnchangeable, processUser } from './file-guard.ts';

const REASONS: Readonly<Record<string, () => string>> = {
  ENOENT: () => 'there is no such file',
  EACCES: () => `the user ${processUser()} may not read it`,
  EISDIR: () => 'it is a directory',
};

/** Octets of a file that is read as a whole: as many as a text of JavaScript can have. */
const LONGEST = 256 * 1024 * 1024;

/** Octets of a file that the server reads while it serves. */
const LONGEST_TRUSTED = 16 * 1024 * 1024;

/**
 * The content of a file, of a pipe too. `what` names its purpose for the error: `the issuing CA certificate`. Throws ConfigError,
 * also when there are more than `longest` octets, as in a device that never ends.
 */
export const readFile = (path: string, what: string, longest = LONGEST): Buffer =>
  read(path, what, (file) => octetsOf(file, { path, what, longest }));

const read = (path: string, what: string, content: (file: number) => Buffer, flags = constants.O_RDONLY): Buffer =>
  explained(path, what, () => {
    const file = openSync(path, flags);
    try {
      const octets = content(file);
      assertNotUtf16(octets, path, what);
      return octets;
    } finally {
      closeSync(file);
    }
  });

function octetsOf(file: number, { path, what, longest }: { path: string; what: string; longest: number }): Buffer {
  const size = Math.min(Math.max(fstatSync(file).size + 1, 4_096), 1024 * 1024);
  const parts: Buffer[] = [];
  for (let length = 0; ; ) {
    const part = Buffer.allocUnsafe(size);
    const count = readSync(file, part);
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    length += count;
    if (length > longest)
      throw new ConfigError(`${path}: more than ${longest} octets (${what})`, 'Name the right file, or split it.');
  }
}

/** What a shell opens for `<(command)`: it has a writer, which ends. */
const DESCRIPTOR = /^\/(dev\/(stdin$|fd\/)|proc\/self\/fd\/)/;

/**
 * As `readFile`, for what a running server reads: never waiting, because a pipe that has no writer would stop the server. Throws
 * ConfigError also when it is not a regular file, and when there are more than `longest` octets, by default 16 MB.
 */
export function readFileAtOnce(path: string, what: string, longest = LONGEST_TRUSTED): Buffer {
  const content = (file: number): Buffer => {
    if (!DESCRIPTOR.test(path)) assertRegular(file, path, what);
    return octetsOf(file, { path, what, longest });
  };
  return read(path, what, content, DESCRIPTOR.test(path) ? constants.O_RDONLY : AT_ONCE);
}

/** Opens a pipe too without waiting for its writer. Windows has no such flag. */
const AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A directory is named by what reads it. */
function assertRegular(file: number, path: string, what: string): void {
  const stats = fstatSync(file);
  if (!stats.isFile() && !stats.isDirectory())
    throw new ConfigError(`${path}: not a regular file (${what})`, 'Name a file, not a pipe or a device.');
}

/** Opens a file for reading, never waiting. Throws ConfigError, also when it is a pipe or a device. */
export const openFile = (path: string, what: string): number =>
  explained(path, what, () => {
    const file = openSync(path, AT_ONCE);
    try {
      assertRegular(file, path, what);
      return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  });

/** Runs work with an open file and its size, and closes it afterwards. Throws ConfigError when it cannot be opened. */
export function withFile<T>(path: string, what: string, work: (file: number, size: number) => T): T {
  const file = openFile(path, what);
  try {
    return work(file, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

function explained<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new ConfigError(
      `${path}: ${REASONS[code]?.() ?? code} (${what})`,
      'Check the path in the configuration and the rights of the file.',
      { cause },
    );
  }
}

/**
 * As `readFile`, for what the server trusts. Throws ConfigError also when every user may change the file, when it is not a
 * regular file, and when it has more than 16 MB.
 */
export function readTrustedFile(path: string, what: string): Buffer {
  const content = readFileAtOnce(path, what);
  assertUnchangeable(path, what);
  return content;
}

/** As `readTrustedFile`, for text in UTF-8; a byte order mark is left out. Throws ConfigError also for other octets. */
export function readTextFile(path: string, what: string): string {
  const content = readTrustedFile(path, what);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    if (!text.includes('\0')) return text;
  } catch {
    // Expected: the error below names the file.
  }
  throw new ConfigError(`${path}: not text in UTF-8 (${what})`, SAVE);
}

const SAVE = 'Save the file as UTF-8: `Set-Content -Encoding utf8` in PowerShell, "UTF-8" in an editor.';

/** The marks with which Windows PowerShell 5 and editors begin a file in UTF-16. No DER and no PEM begins so. */
function assertNotUtf16(content: Buffer, path: string, what: string): void {
  const mark = content.toString('hex', 0, 2);
  if (mark === 'fffe' || mark === 'feff') throw new ConfigError(`${path}: text in UTF-16 (${what})`, SAVE);
}

/** As `readTrustedFile`, for private keys. Throws ConfigError also when other users may read the file. */
export function readPrivateFile(path: string, what: string): Buffer {
  const content = readFileAtOnce(path, what);
  assertPrivate(path, what);
  assertUnchangeable(path, what);
  return content;
}

/** Writes a file that only its owner may read. After a crash the file is either complete or absent. Throws ConfigError. */
export const writePrivateFile = (path: string, content: string | Uint8Array): void =>
  writeAtomically(path, content, 0o600);

/** Writes a file that all users may read. After a crash the file is either complete or absent. Throws ConfigError. */
export const writePublicFile = (path: string, content: string | Uint8Array): void =>
  writeAtomically(path, content, 0o644);

function writeAtomically(path: string, content: string | Uint8Array, mode: number): void {
  // A new file under a random name: an existing file would keep its mode, and a prepared link would be followed.
  const temporary = `${path}.${randomUUID()}`;
  writing(path, () => {
    makeFolder(dirname(path));
    try {
      writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
      chmodSync(temporary, mode);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
}

/** Makes a folder. Others may look into a new one and never change it: the mode is set, because the umask may allow more or less. */
export function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  // The topmost of the folders that it made.
  const top = resolve(made);
  for (let each = resolve(folder); each.length >= top.length; each = dirname(each)) chmodSync(each, 0o755);
}

const UNWRITABLE: Readonly<Record<string, () => string>> = {
  EACCES: () => `the user ${processUser()} may not write here`,
  EPERM: () => `the user ${processUser()} may not write here`,
  EROFS: () => 'the file system is read-only',
  ENOSPC: () => 'the disk is full',
  ENOTDIR: () => 'a part of the path is a file',
  EEXIST: () => 'a part of the path is a file',
  ENOENT: () => 'its folder does not exist',
};

/** Runs work that writes the file at `path`. Throws ConfigError when the folder does not allow it. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const reason = UNWRITABLE[(cause as NodeJS.ErrnoException).code ?? '']?.();
    if (reason === undefined) throw cause;
    throw new ConfigError(
      `${path}: ${reason}`,
      `Give the user ${processUser()} the right to write into ${dirname(path)}, or name another place.`,
      { cause },
    );
  }
}

/** Throws ConfigError when this process could not write the file at `path`. Leaves nothing behind. */
export function assertWritable(path: string): void {
  writing(path, () => {
    const temporary = `${path}.${randomUUID()}`;
    writeFileSync(temporary, '', { mode: 0o600, flag: 'wx' });
    rmSync(temporary);
  });
}
