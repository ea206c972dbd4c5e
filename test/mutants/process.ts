/** Runs one test file in a process of its own, as it is or with a mutant. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loaded } from './hook.ts';
import { type Mutant, ROOT } from './program.ts';

export type Outcome = 'passed' | 'failed' | 'timeout';

/** `folder` is for what the tests leave; `limit` is in milliseconds; with `coverage` node writes there what ran. */
export type Attempt = { file: string; folder: string; limit: number; mutant?: Mutant; coverage?: string };

const HOOK = pathToFileURL(join(import.meta.dirname, 'hook.ts')).href;

/** Groups of processes that run. An interrupted run ends them: the terminal only reaches the group of this process. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach(endGroup));

/** Resolves at the first test that fails, without waiting for the others. */
export async function runTestFile({ file, folder, limit, mutant, coverage }: Attempt): Promise<Outcome> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const compiled = coverage ? { NODE_V8_COVERAGE: coverage } : { NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const env = { ...inherited, ...compiled, TMPDIR: folder, ...(mutant && substitution(mutant)) };
  const child = spawn(process.execPath, ['--test-reporter=tap', file], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.add(child);
  try {
    return await ending(child, limit);
  } finally {
    endGroup(child);
    running.delete(child);
  }
}

function substitution({ file, edit }: Mutant): NodeJS.ProcessEnv {
  const loaded: Loaded = { url: pathToFileURL(join(ROOT, file)).href, edit };
  const options = `${process.env['NODE_OPTIONS'] ?? ''} --import ${HOOK}`.trim();
  return { NODE_OPTIONS: options, OPENNDES_MUTANT: JSON.stringify(loaded) };
}

function ending(child: ChildProcess, limit: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('timeout'), limit);
    let line = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (line + text).split('\n');
      line = lines.pop()!;
      if (lines.some((each) => /^\s*not ok /.test(each))) resolve('failed');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? 'passed' : 'failed');
    });
  });
}

/** The process and what it started: they are a group of their own. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}
