/** What SQLite's result codes mean for an administrator, and what he does about each. https://www.sqlite.org/rescode.html */

const BUSY = 5;
/** What to do with a file that SQLite finds damaged. */
export const DAMAGED = 'The file is damaged. Stop the server, keep a copy of the file, and restore the last backup.';
const REMEDIES: Readonly<Record<number, string>> = {
  [BUSY]: 'Another process holds the write lock. Look for a second server or a backup tool on the same file.',
  8: 'Give the account of the server write access to the file and its directory.',
  10: 'Look at the disk and the system log: reading or writing the file failed.',
  11: DAMAGED,
  13: 'The disk is full. Free some space; what was acknowledged before is safe.',
  14: 'Give the account of the server access to the file and its directory.',
  26: 'The file is not a SQLite database. Name another file in `store:`, or move this one away.',
};
const OTHERWISE = 'Name a file in `store:` that the account of the server can read and write, on a local disk.';

/** SQLITE_CONSTRAINT: the answer to one statement, not a fault of the storage. */
const CONSTRAINT = 19;

/** The next step for an error of SQLite or of the file system. */
export const remedyFor = (error: unknown): string => REMEDIES[primaryCode(error) ?? -1] ?? OTHERWISE;

/** True when another process holds the lock. */
export const isBusy = (error: unknown): boolean => primaryCode(error) === BUSY;

/** Runs one call into SQLite. A fault of the storage is thrown again with the file, the reason and the remedy in words. */
export function explained<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const code = primaryCode(cause);
    if (code === undefined || code === CONSTRAINT) throw cause;
    throw new Error(`store ${path}: ${(cause as Error).message}. ${remedyFor(cause)}`, { cause });
  }
}

/** The low octet; the others refine it. */
function primaryCode(error: unknown): number | undefined {
  const { errcode, cause } = (error ?? {}) as { errcode?: unknown; cause?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  return cause === undefined ? undefined : primaryCode(cause);
}
