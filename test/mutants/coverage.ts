/** What each test file executes and how long it takes: the run without a mutant. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inParallel } from './parallel.ts';
import { runTestFile } from './process.ts';
import { type Mutant, ROOT } from './program.ts';

/** `milliseconds` is the duration without a mutant. */
export type TestFile = { file: string; milliseconds: number; executes(mutant: Mutant): boolean };

/** One script of a coverage file of V8. Offsets are characters of the source: node leaves spaces in the place of types. */
type Script = { url: string; functions: { ranges: Range[] }[] };
type Range = { startOffset: number; endOffset: number; count: number };

/** The longest that one test file may take here, in milliseconds. */
const LIMIT = 300_000;

/** Throws an Error that names a test file that fails without a mutant. */
export async function measure(files: readonly string[], folder: string): Promise<TestFile[]> {
  return inParallel(files, async (file, index) => {
    const coverage = join(folder, `coverage-${index}`);
    mkdirSync(coverage);
    const start = performance.now();
    const outcome = await runTestFile({ file, folder, limit: LIMIT, coverage });
    if (outcome !== 'passed') throw new Error(`${file} does not pass without a mutant (${outcome}): run it by itself.`);
    const milliseconds = performance.now() - start;
    const scripts = readScripts(coverage);
    return { file, milliseconds, executes: (mutant) => executes(scripts, mutant) };
  });
}

/** A test file can start several processes: each has written its own file. */
function readScripts(folder: string): Script[] {
  const source = pathToFileURL(`${ROOT}/`).href;
  return readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: Script[] };
    return result.filter(({ url }) => url.startsWith(source) && !url.includes('/node_modules/'));
  });
}

function executes(scripts: readonly Script[], { file, edit }: Mutant): boolean {
  const url = pathToFileURL(join(ROOT, file)).href;
  return scripts.some((script) => script.url === url && countAt(script, edit.start) > 0);
}

/** The smallest range around a place has the count of the place. */
function countAt({ functions }: Script, offset: number): number {
  const around = functions
    .flatMap(({ ranges }) => ranges)
    .filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  const size = ({ startOffset, endOffset }: Range) => endOffset - startOffset;
  return around.toSorted((a, b) => size(a) - size(b))[0]?.count ?? 0;
}
