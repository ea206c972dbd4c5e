/** Programs that the tests start: run to their end, or kept until they are stopped or killed. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable } from 'node:stream';

export type Surroundings = { cwd?: string; env?: Readonly<Record<string, string>> };
export type Ran = { code: number | null; stdout: string; stderr: string };

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** What a process has written so far. */
type Written = { stdout: string; stderr: string };

function launch(command: string, args: readonly string[], { cwd, env }: Surroundings): [Child, Written] {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  return [child, written];
}

/** Runs a program to its end, whatever its exit code. Rejects when it cannot be started. */
export async function run(command: string, args: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const [child, written] = launch(command, args, surroundings);
  await once(child, 'close');
  return { code: child.exitCode, ...written };
}

/** As `run`, and returns standard output. Throws with the words of the program when it fails. */
export async function output(
  command: string,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, surroundings);
  if (code !== 0) throw new Error(`${command} ${args.slice(0, 2).join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

export type Running = {
  /** The first line of standard output that matched. */
  line: string;
  written: Readonly<Written>;
  /** Looks now and whenever the process has written more, until something is found. Rejects when the process ends, and after 90 seconds. */
  until: <T>(look: (written: Readonly<Written>) => T | undefined) => Promise<T>;
  /** Resolves when the process has gone, for whatever reason. */
  gone: Promise<void>;
  /** Sends the signal and waits for the end; an end that came before is fine. Returns the exit code or the signal. */
  end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | string | null>;
};

const LONGEST_WAIT = 90_000;

/** A test that fails half-way must not leave a process behind that keeps the runner waiting. */
const running = new Set<Child>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program and waits until a line of its standard output matches. Throws when it ends before. */
export async function start(
  command: string,
  args: readonly string[],
  { ready, ...surroundings }: Surroundings & { ready: RegExp },
): Promise<Running> {
  const [child, written] = launch(command, args, surroundings);
  running.add(child);
  const gone = once(child, 'close').then(() => void running.delete(child));
  const news = new EventEmitter().setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', () => news.emit('written'));
  child.once('error', (error) => news.emit('error', error));
  child.once('close', (code, signal) => news.emit('error', new Error(`ended with ${code ?? signal}`)));
  news.on('error', () => {}); // An end for which no test waits is no fault.
  const until = async <T>(look: (written: Readonly<Written>) => T | undefined): Promise<T> => {
    const signal = AbortSignal.timeout(LONGEST_WAIT);
    try {
      for (;;) {
        const found = look(written);
        if (found !== undefined) return found;
        await once(news, 'written', { signal });
      }
    } catch (cause) {
      throw new Error(`${args.join(' ')}: ${written.stderr}${written.stdout}`, { cause });
    }
  };
  const line = await until(({ stdout }) => stdout.split('\n').find((text) => ready.test(text)));
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> => {
    child.kill(signal);
    await gone;
    return child.signalCode ?? child.exitCode;
  };
  return { line, written, until, gone, end };
}
