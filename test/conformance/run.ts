/** Runs test files with the test runner of node, and keeps what each test came to. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Proof, readProofs } from './reporter.ts';
import { inSharedProcesses } from './shared.ts';

export const root = join(import.meta.dirname, '../..');

/** Many processes of tests wait for others: more of them than there are cores keep the cores busy. */
const CONCURRENCY = availableParallelism() + 1;

/** What node compiles is kept between the processes of a run, and from run to run. */
const COMPILED = join(root, 'node_modules/.cache/openndes-tests');

export type Run = { status: number; proofs: Proof[] };

/**
 * What to run: files from the root of the repository, shown by this reporter; with options of `node --test`. With options
 * every file is a process of its own, as without this program.
 */
export type Plan = { files: readonly string[]; reporter?: 'spec' | 'dot'; options?: readonly string[] };

export function runTests({ files, reporter = 'spec', options = [] }: Plan): Run {
  const directory = mkdtempSync(join(tmpdir(), 'openndes-tests-'));
  const written = join(directory, 'proofs.jsonl');
  const reporters = [
    [reporter, 'stdout'],
    ['./test/conformance/reporter.ts', written],
  ].flatMap(([name, destination]) => [`--test-reporter=${name}`, `--test-reporter-destination=${destination}`]);
  const run = options.length === 0 ? inSharedProcesses({ files, root, folder: directory }) : files;
  const args = ['--test', `--test-concurrency=${CONCURRENCY}`, ...reporters, ...options, ...run];
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? COMPILED };
  try {
    const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
    return { status: status ?? 1, proofs: readProofs(readFileSync(written, 'utf8')) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
