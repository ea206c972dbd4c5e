/**
 * `npm run mutants -- ROOM [--sample N] [--seed S] [--file F]`: changes src/ROOM in one place at a time and runs the tests of
 * the room that execute the place. Prints the changes that no test notices, and the part that was noticed. `--file` takes the
 * mutants of one file only. Nothing in the working tree is written.
 */
import { globSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { sep } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './program.ts';
import { score } from './report.ts';
import { FURTHER_TESTS } from './rooms.table.ts';
import { type Judged, mutate } from './run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    file: { type: 'string' },
  },
});

const below = (pattern: string): string[] =>
  globSync(pattern, { cwd: ROOT })
    .map((path) => path.split(sep).join('/'))
    .toSorted();

const room = positionals[0] ?? '';
const sample = Number(values.sample);
const seed = Number(values.seed);
const sources = below(`src/${room}/**/*.ts`).filter((path) => !values.file || path.endsWith(values.file));
const tests = [`${room}/**/*`, ...(FURTHER_TESTS[room] ?? [])].flatMap((each) => below(`test/${each}.test.ts`));

if (!/^[a-z]+$/.test(room) || sources.length === 0 || tests.length === 0 || !(sample > 0) || !Number.isInteger(seed)) {
  console.error(
    'npm run mutants -- ROOM [--sample N] [--seed S] [--file F]: ROOM is a folder of src/ and of test/, F a file in',
  );
  console.error('src/ROOM, N a number of mutants (otherwise all of them), S an integer as an earlier run printed it.');
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
console.log(`src/${room}, seed ${seed}, ${tests.length} test files`);
let told = 0;
const { all, judged } = await mutate({ sources, tests, sample, seed, patience: 15_000 }, tell);
console.log(`\n${score(judged)} (${judged.length} mutants that compile, of ${all} mutants in all)`);

function tell({ mutant, verdict }: Judged): void {
  told += 1;
  if (told % 25 === 0) console.log(`\n(${told} judged)`);
  if (verdict !== 'survived' && verdict !== 'not executed') return;
  console.log(`\n${verdict}: ${mutant.file}:${mutant.line} (${mutant.operator})`);
  console.log(`  - ${mutant.before}\n  + ${mutant.after}`);
}
