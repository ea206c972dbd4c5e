/**
 * `npm run faults`: runs every cell, and compares what each got with the rules, which are written by hand, and all of it
 * with docs/intune-faults.md.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read } from '../docs/read.ts';
import { CELLS, JOB_CELLS, type JobOutcome, type Outcome } from './cells.ts';
import { type HopName, HOPS } from './hops.table.ts';
import { expectedJob } from './job-rules.ts';
import { runJobs } from './job-run.ts';
import { pageOf } from './page.ts';
import { expectedOf } from './rules.ts';
import { runCells } from './run.ts';

const all: Outcome[] = [];

for (const hop of Object.keys(HOPS) as HopName[])
  test(`every fault of ${hop}, strict and outbox: what the rules say`, async () => {
    const cells = CELLS.filter((cell) => cell.hop === hop);
    const outcomes = await runCells(hop);
    all.push(...outcomes);
    const named = (each: readonly Outcome[]) => Object.fromEntries(cells.map(({ id }, n) => [id, each[n]]));
    assert.deepEqual(named(outcomes), named(cells.map(expectedOf)));
  });

let jobs: JobOutcome[] = [];

test('every fault of the calls of jobs: what the rules say', async () => {
  jobs = await runJobs();
  const named = (each: readonly JobOutcome[]) => Object.fromEntries(JOB_CELLS.map(({ id }, n) => [id, each[n]]));
  assert.deepEqual(named(jobs), named(JOB_CELLS.map(expectedJob)));
});

test('docs/intune-faults.md is what ran', () => {
  assert.equal(read('docs/intune-faults.md'), pageOf(all, jobs), '`npm run faults:page` writes the page');
});
