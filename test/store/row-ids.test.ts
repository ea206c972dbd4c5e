/** Ids that a server makes for its rows: they follow the time, and never go back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsAt } from '../../src/store/partitions.ts';
import { firstIdOf, rowIds } from '../../src/store/row-ids.ts';

const at = (text: string): Date => new Date(text);

test('an id is of the month in which it was made, and a safe integer until 2093', () => {
  const ids = rowIds(() => 0.999);
  ids.follow(() => at('2026-11-30T23:59:59.999Z'));
  const id = ids.next();
  assert.ok(id < firstIdOf(Date.UTC(2026, 11, 1)));
  assert.ok(id >= firstIdOf(Date.UTC(2026, 10, 1)));
  ids.follow(() => at('2092-12-31T00:00:00Z'));
  assert.ok(Number.isSafeInteger(ids.next()));
});

test('each id is higher than the one before, in the same moment and after the clock was set back', () => {
  const ids = rowIds(() => 0);
  let now = at('2026-11-01T00:00:00Z');
  ids.follow(() => now);
  const made = [ids.next(), ids.next()];
  now = at('2026-10-01T00:00:00Z');
  ids.move();
  made.push(ids.next(), ids.next());
  now = at('2026-11-01T00:00:01Z');
  made.push(ids.next());
  assert.deepEqual(
    made.toSorted((a, b) => a - b),
    made,
  );
  assert.equal(new Set(made).size, 5);
  assert.equal(made.at(-1), firstIdOf(now.getTime()) + 1);
});

test('servers with different slots never make the same id, and one with a taken slot gets another', () => {
  const [one, other] = [rowIds(() => 0.1), rowIds(() => 0.1)];
  for (const ids of [one, other]) ids.follow(() => at('2026-11-01T00:00:00Z'));
  assert.equal(one.next(), other.next());
  other.move();
  const made = Array.from({ length: 1000 }, () => [one.next(), other.next()]).flat();
  assert.equal(new Set(made).size, 2000);
});

test('the months that are made are this one and the next three, without a gap at the end of a year', () => {
  assert.deepEqual(
    partsAt(at('2026-11-30T12:00:00Z'))
      .filter(({ table }) => table === 'audit')
      .map(({ name, from, to }) => [name, from, to]),
    [
      ['audit_2026_11', 366280704000000, 376897536000000],
      ['audit_2026_12', 376897536000000, 387868262400000],
      ['audit_2027_01', 387868262400000, 398838988800000],
      ['audit_2027_02', 398838988800000, 408748032000000],
    ],
  );
});
