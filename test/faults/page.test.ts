/** What can be seen of docs/intune-faults.md without a server; `npm run faults` runs the matrix. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { read, root } from '../docs/read.ts';
import { CELLS, JOB_CELLS } from './cells.ts';
import { expectedJob } from './job-rules.ts';
import { pageOf } from './page.ts';
import { expectedOf } from './rules.ts';

test('docs/intune-faults.md says what the rules say', () =>
  assert.equal(
    read('docs/intune-faults.md'),
    pageOf(CELLS.map(expectedOf), JOB_CELLS.map(expectedJob)),
    '`npm run faults:page` writes the page',
  ));

test('the rules take nothing from the source or from other tests', () => {
  const here = join(root, 'test/faults');
  for (const file of globSync(['*table.ts', '*rules.ts', 'cells.ts', '{job-,}page.ts'], { cwd: here }))
    for (const [, from] of readFileSync(join(here, file), 'utf8').matchAll(/ from '([^']+)'/g))
      assert.match(from!, /^\.\/[a-z-]+(\.table)?\.ts$/, file);
});

test('no fault costs a device its certificate: each that Intune would allow has one in the end', () => {
  for (const cell of CELLS.filter(({ hop }) => hop !== 'failureNotification')) {
    const { after } = expectedOf(cell);
    assert.equal(after.device, 'issued', cell.id);
    assert.match(after.store, /^(certificate revoked; )?certificate delivered$/, cell.id);
  }
});

test('no fault of a job revokes what was not to be revoked, and in the end what is due is revoked and told', () => {
  for (const cell of JOB_CELLS) {
    const { during, after } = expectedJob(cell);
    assert.equal(after.store, '2 of 2 revoked', cell.id);
    assert.doesNotMatch(`${during.store} ${after.store}`, /another/, cell.id);
    if (cell.hop !== 'directory') assert.match(after.intune, /; result success [1-9]×$/, cell.id);
  }
});
