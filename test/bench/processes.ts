/** The other processes of a measurement: started, asked, and kept to one core where the system can do that. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';

/**
 * Starts a file of this folder; resolves with its first message. `log`: a file that gets its standard error. `output`: where
 * its standard output goes.
 */
export async function start(
  file: string,
  args: string[],
  log?: number,
  output: 'inherit' | 'ignore' = 'inherit',
): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(join(import.meta.dirname, file), args, { stdio: ['inherit', output, log ?? 'inherit', 'ipc'] });
  return { child, said: await messageOf(child) };
}

/** What it answers. */
export function ask(child: ChildProcess, question: string | string[]): Promise<unknown> {
  child.send(question);
  return messageOf(child);
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${child.spawnargs.join(' ')} ended`);
  });
  try {
    const [said] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return said;
  } finally {
    ended.catch(() => {});
    over.abort();
  }
}

export async function stop(child: ChildProcess): Promise<void> {
  child.send('stop');
  await once(child, 'exit');
}

/** Every thread of a process to one core. Returns false where there is one core, or no `taskset` (util-linux). */
export const pin = (pid: number, core: 0 | 1): boolean =>
  cpus().length > 1 && spawnSync('taskset', ['-apc', String(core), String(pid)]).status === 0;
