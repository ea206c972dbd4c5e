/** Files that share a process are reported as if each had its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { readProofs } from './reporter.ts';
import { inSharedProcesses } from './shared.ts';

const FILES = {
  'test/scep/fails.test.mjs': `import { test } from 'node:test';\ntest('fails', () => { throw new Error('as it should'); });`,
  'test/scep/no-module.test.mjs': `import 'no-such-module';`,
  'test/scep/passes.test.mjs': `import { test } from 'node:test';\ntest('passes', () => {});`,
  'test/store/alone.test.mjs': `import { test } from 'node:test';\ntest('is alone', () => {});`,
};

test('each test has its own file, and a file that cannot be loaded fails with its name', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'openndes-shared-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const room of ['scep', 'store']) mkdirSync(join(root, 'test', room), { recursive: true });
  for (const [file, source] of Object.entries(FILES)) writeFileSync(join(root, file), source);
  const files = inSharedProcesses({ files: Object.keys(FILES), root, folder: root });
  assert.deepEqual(
    files.map((file) => basename(file)),
    ['scep.mjs', 'alone.test.mjs'],
  );
  // The runner inside a runner would report to the outer one.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const args = ['--test', `--test-reporter=${join(import.meta.dirname, 'reporter.ts')}`, ...files];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.deepEqual(
    readProofs(stdout).map(({ file, titles, result }) => [file, ...titles, result]),
    [
      ['test/scep/fails.test.mjs', 'fails', 'fail'],
      ['scep.mjs', 'test/scep/no-module.test.mjs', 'fail'],
      ['test/scep/passes.test.mjs', 'passes', 'pass'],
      ['test/store/alone.test.mjs', 'is alone', 'pass'],
    ],
  );
});
