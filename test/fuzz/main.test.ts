/** `npm run fuzz` as people and CI run it: every run is another one, and each can be repeated. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const PROGRAM = join(import.meta.dirname, 'main.ts');

/** The seed, and how many inputs were changed in which layer. How a change ends depends on padding, too, which is random. */
function run(...args: readonly string[]): { seed: string; layers: Record<string, number> } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--inputs', '60', ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const [first = '', ...others] = stdout.split('\n');
  const [, seed = ''] = /^seed (\d+): --inputs 60 --seed \1 repeats this run$/.exec(first) ?? [];
  assert.ok(seed, first);
  const layers: Record<string, number> = {};
  for (const line of others) {
    const [, count, layer = ''] = /^ *(\d+) {2}([a-z]+) /i.exec(line) ?? [];
    if (count) layers[layer] = (layers[layer] ?? 0) + Number(count);
  }
  return { seed, layers };
}

test('every run draws a new seed and prints it first; --seed repeats the run', () => {
  const [one, other] = [run(), run()];
  assert.notEqual(one.seed, other.seed);
  assert.ok(Object.keys(one.layers).length > 2, JSON.stringify(one));
  assert.deepEqual(run('--seed', one.seed), one);
});

test('a seed that is none is refused, and nothing is run', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, '--seed', '8894x'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^--seed 8894x: expected an integer/);
});
