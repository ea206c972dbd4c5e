/** `npm run test:room`: the tests of one room, and what it says when there is no such room. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { root } from './run.ts';

function room(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  // The runner inside a runner would report to the outer one.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return spawnSync(process.execPath, ['test/run.ts', '--room', ...args], { cwd: root, env, encoding: 'utf8' });
}

test('a room: its tests alone, with the options of the runner', () => {
  const { status, stdout } = room('manage', '--test-name-pattern=however it is written');
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^✔ a list goes on after a serial number, however it is written/m);
  // A file without such a test has a line with its path.
  assert.equal(stdout.match(/^✔ (?!test\/)/gm)?.length, 1, stdout);
});

for (const args of [[], ['no-such-room'], ['../test']])
  test(`a room that is none (${args.join() || 'no name'}): the rooms that there are, and exit code 2`, () => {
    const { status, stdout, stderr } = room(...args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /NAME is one of access, .*scep, .*store/);
  });
