/** `npm run fuzz` as people and CI run it: every run is another one, and each can be repeated. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const PROGRAM = join(import.meta.dirname, 'main.ts');

function run(...args: readonly string[]): { seed: string; outcomes: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--inputs', '60', ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const [first = '', ...others] = stdout.split('\n');
  const [, seed = ''] = /^seed (\d+): --inputs 60 --seed \1 repeats this run$/.exec(first) ?? [];
  assert.ok(seed, first);
  return { seed, outcomes: others.filter((line) => /^ *\d+ {2}[a-z]/i.test(line)) };
}

test('every run draws a new seed and prints it first; --seed repeats the run', () => {
  const [one, other] = [run(), run()];
  assert.notEqual(one.seed, other.seed);
  assert.ok(one.outcomes.length > 3, String(one.outcomes));
  assert.notDeepEqual(other.outcomes, one.outcomes);
  assert.deepEqual(run('--seed', one.seed), one);
});

test('a seed that is none is refused, and nothing is run', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--seed', '8894x'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^--seed 8894x: expected an integer/);
});
