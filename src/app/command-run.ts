/** Runs a program that the configuration names, without a shell, and ends it together with what it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { CommandEnd, RunCommand } from '../backends/command/command-settings.ts';

/** Octets of an answer. */
const MOST_OUT = 1_048_576;
/** Octets of what it says on standard error; the last whole lines are kept. */
const MOST_SAID = 4_096;

/** A program with its own process group, the environment that it was given and nothing else of this process. */
export const runCommand: RunCommand = async ({ argv, environment, input }, signal) => {
  signal.throwIfAborted();
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', ...environment },
    cwd: '/',
    detached: true,
    windowsHide: true,
    stdio: 'pipe',
  });
  const kill = (): void => killGroup(child);
  signal.addEventListener('abort', kill, { once: true });
  // What it left behind would keep the pipes open.
  child.once('exit', kill);
  // A program need not read its input.
  child.stdin.on('error', () => undefined).end(input);
  const end = await endOf(child);
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  return end;
};

function endOf(child: ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }) {
  return new Promise<CommandEnd>((resolve) => {
    const stdout = collected(child);
    let stderr: Uint8Array = new Uint8Array();
    child.stderr.on('data', (octets: Buffer) => (stderr = lastLines(Buffer.concat([stderr, octets]))));
    child.once('error', ({ message }) => resolve({ kind: 'not-started', why: message }));
    child.once('close', (code) => {
      const answer = stdout();
      if (!answer) resolve({ kind: 'too-much' });
      else resolve({ kind: 'ended', code: code ?? undefined, stdout: answer, stderr: Buffer.from(stderr).toString() });
    });
  });
}

/** A line that was cut is left out: a secret of which a part is missing could not be found in it. */
function lastLines(said: Uint8Array): Uint8Array {
  if (said.length <= MOST_SAID) return said;
  const last = said.subarray(-MOST_SAID);
  const cut = last.indexOf(0x0a);
  return cut < 0 ? new Uint8Array(MOST_SAID).fill(0x20) : last.subarray(cut + 1);
}

/** The whole output; undefined when it was more than the limit. Then the program is killed. */
function collected(child: ChildProcess & { stdout: NodeJS.ReadableStream }): () => Buffer | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  child.stdout.on('data', (octets: Buffer) => {
    length += octets.length;
    if (length > MOST_OUT) killGroup(child);
    else parts.push(octets);
  });
  return () => (length > MOST_OUT ? undefined : Buffer.concat(parts));
}

/** On Windows there are no groups: only the program itself ends there. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}
