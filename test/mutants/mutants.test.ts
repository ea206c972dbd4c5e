/** The mutation tests find what the tests of a fixture do not notice, and the table of equivalent mutants is current. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EQUIVALENT } from './equivalent.table.ts';
import { openMutantProgram } from './program.ts';
import { score } from './report.ts';
import { type Judged, mutate } from './run.ts';

const SOURCE = 'test/mutants/fixture/places.ts';

test('tells killed mutants, those that loop for ever, those that survive, and those that no test runs', async () => {
  const told: Judged[] = [];
  const plan = { sources: [SOURCE], tests: ['test/mutants/fixture/places.fixture.ts'], sample: Infinity, seed: 1 };
  const { all, judged } = await mutate({ ...plan, patience: 2000 }, (each) => told.push(each));
  const lines = judged.map(({ mutant: { line, after }, verdict }) => `${line} ${verdict}: ${after}`);
  assert.deepEqual(lines.toSorted(), [
    '14 not executed: export const none = (taken: number): boolean => taken !== 0;',
    '14 not executed: export const none = (taken: number): boolean => taken === 1;',
    '4 killed: export const free = (taken: number): boolean => taken >= 10;',
    '4 survived: export const free = (taken: number): boolean => taken < 11;',
    '4 survived: export const free = (taken: number): boolean => taken <= 10;',
    '9 killed: while (false) now += 1;',
    '9 survived: while (free(now)) now += 2;',
    '9 timeout: while (free(now)) ;',
    '9 timeout: while (free(now)) now -= 1;',
  ]);
  assert.equal(all - judged.length, 1, 'free() without its argument does not compile');
  assert.equal(told.length, judged.length);
  assert.equal(
    score(judged),
    '44.4 % killed: 4 killed (2 by a timeout), 3 survived, 2 not executed by any test, 0 equivalent',
  );
});

test('a seed draws the same sample each time', async () => {
  const { judged } = await mutate({ sources: [SOURCE], tests: [], sample: 2, seed: 1, patience: 0 }, () => {});
  assert.deepEqual(
    judged.map(({ mutant }) => mutant.after),
    ['while (free(now)) now += 2;', 'export const free = (taken: number): boolean => taken <= 10;'],
  );
});

test('each mutant in the table of equivalent ones still exists', () => {
  const program = openMutantProgram();
  try {
    const gone = EQUIVALENT.filter(
      ({ file, before, after }) =>
        !program.mutants(file).some((mutant) => mutant.before === before && mutant.after === after),
    );
    assert.deepEqual(gone, []);
  } finally {
    program.close();
  }
});
