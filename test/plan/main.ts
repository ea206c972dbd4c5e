/**
 * `npm run plan -- --devices 1000000 --lifetime 365d --burst 1h`: what a fleet needs. `--check` compares the model with
 * `bench -- burst`, `--page` writes the tables of docs/scaling.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.ts';
import { askedFor } from './options.ts';
import { withTables } from './page.ts';
import { reportOf } from './report.ts';

const PAGE = join(import.meta.dirname, '../../docs/scaling.md');

async function run(): Promise<number> {
  const { fleet, check: isCheck, page } = askedFor(process.argv.slice(2));
  if (isCheck) return (await check(console.log)) ? 0 : 1;
  if (page) writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8')));
  else console.log(reportOf(fleet));
  return 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`npm run plan: ${error.message}`);
  process.exitCode = 2;
}
