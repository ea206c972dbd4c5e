/** `npm start` runs a shell, which runs this process. When npm is ended, the shell or this process would stay behind. */
import { readFileSync } from 'node:fs';
import { every } from '../embed/system.ts';

/**
 * Resolves within about a second after npm, or the shell between it and this process, has ended. Never without npm. On
 * systems without /proc only the shell is noticed.
 */
export const untilNpmEnded = (): Promise<void> =>
  new Promise((resolve) => {
    if (process.env['npm_lifecycle_event'] === undefined) return;
    const before = parents();
    const stop = every(1_000, () => {
      if (parents() === before) return;
      stop();
      resolve();
    });
  });

/** The ids of the parent and of its parent. An orphan gets another parent. */
const parents = (): string => `${process.ppid} ${parentOf(process.ppid)}`;

/** proc_pid_stat(5): the name of the program, which may have any character, is in parentheses; after it state and parent. */
function parentOf(pid: number): string | undefined {
  try {
    return /\) \S (\d+) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
  } catch {
    // No /proc, or the process has just ended, which `process.ppid` tells.
    return undefined;
  }
}
