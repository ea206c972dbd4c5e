/** The reporter sees what node's runner really does with a file: what passed, failed, was skipped, and what was not run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readProofs } from './reporter.ts';
import { root } from './run.ts';

const SOURCE = `
import { describe, test } from 'node:test';
test('passes', () => {});
test('fails', () => { throw new Error('as it should'); });
test('is skipped', { skip: 'no reader' }, () => {});
test('is to do', { todo: true }, () => {});
// test('is commented out', () => {});
describe('outer', () => {
  describe('inner', () => test('passes', () => {}));
  test('skips itself', (t) => t.skip('no writer'));
});
describe('a skipped suite', { skip: 'no suite' }, () => test('never declared', () => {}));
`;

test('every test that was declared, with its titles and its end', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'openndes-reporter-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'sample.test.mjs');
  writeFileSync(file, SOURCE);
  // The runner inside a runner would report to the outer one.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const args = ['--test', '--test-reporter=./test/conformance/reporter.ts', file];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.deepEqual(
    readProofs(stdout).map(({ titles, result, why }) => [titles.join(' › '), result, why]),
    [
      ['passes', 'pass', undefined],
      ['fails', 'fail', undefined],
      ['is skipped', 'skip', 'no reader'],
      ['is to do', 'skip', undefined],
      ['outer › inner › passes', 'pass', undefined],
      ['outer › skips itself', 'skip', 'no writer'],
      ['a skipped suite', 'skip', 'no suite'],
    ],
  );
});
