/** Which threads the scheduler of the system prefers. */
import { getPriority, setPriority } from 'node:os';

/** How much higher the nice value of a thread is than that of the main thread. The highest of Linux is 19. */
const NICER = 5;
const NICEST = 19;

/**
 * To be called in every other thread. The main thread reads, refuses and answers for all: where cores are short, the scheduler is
 * to prefer it. Only Linux has a nice value for each thread. Where a filter of system calls forbids it, all threads are equal.
 */
export function preferMainThread(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(getPriority() + NICER, NICEST));
  } catch {
    // It is faster with it, and right without it.
  }
}
