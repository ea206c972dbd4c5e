/** `npm run faults:page`: writes docs/intune-faults.md from a run. Whether it is as it should be, `npm run faults` says. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Outcome } from './cells.ts';
import { type HopName, HOPS } from './hops.table.ts';
import { runJobs } from './job-run.ts';
import { pageOf } from './page.ts';
import { runCells } from './run.ts';

test('docs/intune-faults.md is written', async () => {
  const all: Outcome[] = [];
  for (const hop of Object.keys(HOPS) as HopName[]) all.push(...(await runCells(hop)));
  writeFileSync(join(import.meta.dirname, '../../docs/intune-faults.md'), pageOf(all, await runJobs()));
});
