/** Mutates source files, runs the tests that execute each mutant, and tells which mutants no test notices. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seeded } from '../fuzz/random.ts';
import { measure, type TestFile } from './coverage.ts';
import { isEquivalent } from './equivalent.ts';
import { inParallel } from './parallel.ts';
import { runTestFile } from './process.ts';
import { type Mutant, type MutantProgram, openMutantProgram } from './program.ts';

/**
 * Paths are from the root of the repository. `sample` is the number of mutants to try; Infinity is all of them. A test file has
 * `patience` milliseconds and six times its duration without a mutant: a mutant may make it slower, and the machine may be busy.
 */
export type MutationPlan = {
  sources: readonly string[];
  tests: readonly string[];
  sample: number;
  seed: number;
  patience: number;
};

/** `timeout`: a test that passes without the mutant did not end. `not executed`: no test file runs the changed line. */
export type Verdict = 'killed' | 'timeout' | 'survived' | 'not executed' | 'equivalent';
export type Judged = { mutant: Mutant; verdict: Verdict; by?: string };

/** `all` counts the mutants of the sources, also those that do not compile and were never drawn. */
export type MutationReport = { all: number; judged: Judged[] };

/** `tell` is called once for each mutant, when it is judged. */
export async function mutate(plan: MutationPlan, tell: (judged: Judged) => void): Promise<MutationReport> {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-mutants-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const { all, drawn } = draw(plan);
    const tests = await measure(plan.tests, folder);
    const kills = new Map<string, number>();
    const judged = await inParallel(drawn, async (mutant) => {
      const found = await judge({ mutant, tests, kills, folder, patience: plan.patience });
      tell(found);
      return found;
    });
    return { all, judged };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** The same seed draws the same mutants of the same source. */
function draw({ sources, sample, seed }: MutationPlan): { all: number; drawn: Mutant[] } {
  const program = openMutantProgram();
  try {
    const all = sources.flatMap((file) => program.mutants(file));
    return { all: all.length, drawn: firstThatCompile(program, shuffled(all, seed), sample) };
  } finally {
    program.close();
  }
}

function firstThatCompile(program: MutantProgram, mutants: readonly Mutant[], sample: number): Mutant[] {
  const drawn: Mutant[] = [];
  for (const mutant of mutants) {
    if (drawn.length >= sample) break;
    if (program.compiles(mutant)) drawn.push(mutant);
  }
  return drawn;
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seeded(seed);
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}

type Case = {
  mutant: Mutant;
  tests: readonly TestFile[];
  kills: Map<string, number>;
  folder: string;
  patience: number;
};

async function judge({ mutant, tests, kills, folder, patience }: Case): Promise<Judged> {
  if (isEquivalent(mutant)) return { mutant, verdict: 'equivalent' };
  const executing = tests.filter((each) => each.executes(mutant));
  if (executing.length === 0) return { mutant, verdict: 'not executed' };
  // Fast files come first, and those that have noticed other mutants of the same source.
  const key = ({ file }: TestFile) => `${mutant.file} ${file}`;
  const worth = (each: TestFile) => (1 + (kills.get(key(each)) ?? 0)) / each.milliseconds;
  for (const each of executing.toSorted((a, b) => worth(b) - worth(a))) {
    const limit = patience + 6 * each.milliseconds;
    const outcome = await runTestFile({ file: each.file, folder, limit, mutant });
    if (outcome === 'passed') continue;
    kills.set(key(each), (kills.get(key(each)) ?? 0) + 1);
    return { mutant, verdict: outcome === 'failed' ? 'killed' : 'timeout', by: each.file };
  }
  return { mutant, verdict: 'survived' };
}
