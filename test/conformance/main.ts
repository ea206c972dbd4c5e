/** `npm run conformance [-- --interop]`: runs the tests and writes docs/conformance.md. Exits 1 unless all of them pass. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageOf } from './page.ts';
import { type Proof, readProofs } from './reporter.ts';
import { casesOf } from './titles.ts';

const root = join(import.meta.dirname, '../..');
const PAGE = join(root, 'docs/conformance.md');
const REAL_CLIENTS = join(import.meta.dirname, 'interop.jsonl');

/** The test of the page itself would judge the page that is about to be replaced. */
const UNIT = (file: string): boolean => file !== join('test', 'conformance.test.ts');

/** Runs these test files, shows what fails, and returns what each test came to. */
function run(files: readonly string[]): Proof[] {
  const directory = mkdtempSync(join(tmpdir(), 'openndes-conformance-'));
  const written = join(directory, 'proofs.jsonl');
  const reporters = [
    ['dot', 'stdout'],
    ['./test/conformance/reporter.ts', written],
  ].flatMap(([reporter, destination]) => [`--test-reporter=${reporter}`, `--test-reporter-destination=${destination}`]);
  try {
    const { status } = spawnSync(process.execPath, ['--test', ...reporters, ...files], { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
    return readProofs(readFileSync(written, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** In an order of their own, and only what names cases, so that the file changes when a result does. */
const kept = (proofs: readonly Proof[]): string =>
  proofs
    .filter(({ titles }) => titles.some((title) => casesOf(title).length > 0))
    .map((proof) => `${JSON.stringify(proof)}\n`)
    .toSorted()
    .join('');

if (process.argv.includes('--interop'))
  writeFileSync(REAL_CLIENTS, kept(run(globSync('test/interop/**/*.interop.ts', { cwd: root }).toSorted())));
const units = run(globSync('test/**/*.test.ts', { cwd: root }).filter(UNIT).toSorted());
writeFileSync(PAGE, pageOf([...units, ...readProofs(readFileSync(REAL_CLIENTS, 'utf8'))]));
