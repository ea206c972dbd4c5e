/** `openndes serve` as a process of its own, with a policy module that makes faults beside its answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { file } from '../wiring/files.ts';
import { configured, LISTEN } from '../wiring/server.ts';

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'openndes.mjs');

/** The faults are made beside the answer: the request itself is decided as if nothing had happened. */
const MODULE = file(
  'faulty.mjs',
  `const wait = () => new Promise((done) => setTimeout(done, 300));
   const deny = { kind: 'deny', code: 'challenge_wrong', detail: 'wrong' };
   export default () => ({
     name: 'faulty',
     decide({ csr: { challenge } }) {
       if (challenge === 'plain') return deny;
       if (challenge === 'reject') Promise.reject(new Error('lost rejection'));
       if (challenge === 'throw') setTimeout(() => { throw new Error('lost exception'); }, 20);
       return wait().then(() => (challenge === 'wrong' ? deny : { kind: 'allow', notify: 'none' }));
     },
   });`,
);

/** One line of the log. */
export type Line = { level: number; event?: string; err?: { message: string } };
/** `lines`: the log until now. */
export type Served = {
  url: string;
  child: ChildProcess;
  exit: Promise<unknown[]>;
  lines: () => Line[];
  text: () => string;
};

/** At SIGUSR2 every thread of the server throws. */
const THREADS_END = `data:text/javascript,${encodeURIComponent(
  `import { isMainThread } from 'node:worker_threads';
   const channel = new BroadcastChannel('end');
   channel.unref();
   if (isMainThread) process.on('SIGUSR2', () => channel.postMessage('now'));
   else channel.onmessage = () => { throw new RangeError('a fault of the thread'); };`,
)}`;

/**
 * Ends with the test. The challenges `reject` and `throw` make the faults; `plain` and `wrong` are denied. It has two threads,
 * which end at SIGUSR2.
 */
export async function faultyServer(t: TestContext): Promise<Served> {
  const endpoints = [{ path: '/plain', policy: { module: MODULE } }];
  const config = configured({ listen: { ...LISTEN, workers: 2 }, endpoints });
  const args = ['--import', THREADS_END, BIN, 'serve', '--config', config];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('Ready: ')) continue;
    const lines = () =>
      log
        .split('\n')
        .filter(Boolean)
        .map((each) => JSON.parse(each) as Line);
    return { url: line.slice(7), child, exit, lines, text: () => log };
  }
  throw new Error(`not ready: ${log}`);
}
