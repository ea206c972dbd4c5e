/** Two tables side by side: each kind of difference is found, and where a copy goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTables } from '../../src/store/compared-tables.ts';
import { comparedRows, type ComparedRow, type Key } from '../../src/store/table-rows.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';

async function* rowsOf(rows: readonly [key: Key, text: string][]): AsyncGenerator<ComparedRow> {
  for (const [key, text] of rows) yield { key, text };
}

const compared = (source: [Key, string][], copy: [Key, string][]) =>
  compareTables(rowsOf(source), rowsOf(copy), () => {});

test('the same rows have the same hash', async () => {
  const rows: [Key, string][] = [
    [[1], 'a'],
    [[2], 'b'],
  ];
  const { source, copy, ...found } = await compared(rows, rows);
  assert.deepEqual(found, { missing: 0, complete: [2] });
  assert.deepEqual(source, copy);
  // printf 'a\nb\n' | sha256sum
  assert.equal(source.sha256, '911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2');
});

test('a row that is missing in the middle, and where the copy goes on', async () => {
  const { source, copy, ...found } = await compared(
    [
      [[1], 'a'],
      [[2], 'b'],
      [[10], 'c'],
    ],
    [
      [[1], 'a'],
      [[10], 'c'],
    ],
  );
  assert.deepEqual(found, { missing: 1, lost: [2], complete: [1] });
  assert.deepEqual([source.rows, copy.rows], [3, 2]);
});

test('a row that is changed, and one that only the copy has', async () => {
  assert.deepEqual((await compared([[[1], 'a']], [[[1], 'x']])).other, [1]);
  assert.deepEqual(
    (
      await compared(
        [[[1], 'a']],
        [
          [[0], 'x'],
          [[1], 'a'],
        ],
      )
    ).other,
    [0],
  );
  assert.deepEqual((await compared([], [[['z'], 'x']])).other, ['z']);
});

test('names are in one order on every database, also those whose NUL was replaced', async () => {
  const filled = async (replaced: boolean) => {
    const engine = sqliteEngine(openDatabase(':memory:'), ':memory:');
    await migrate(engine, ':memory:');
    // By octets in UTF-8 the emoji comes after U+FB01, and by UTF-16 before it.
    for (const value of ['a\0b', 'a', '\ufb01', '\u{1f600}', 'b'])
      await engine.db
        .insertInto('names')
        .values({ kind: 'cn', value: replaced ? value.replace('\0', '\ufffd') : value, certificate_id: 1 })
        .execute();
    return comparedRows(engine.db, { table: 'names', key: ['kind', 'value', 'certificate_id'] });
  };
  const { source, copy, ...found } = await compareTables(await filled(false), await filled(true), () => {});
  assert.deepEqual(found, { missing: 0, complete: ['cn', '\u{1f600}', 1] });
  assert.deepEqual(source, copy);
  assert.equal(source.rows, 5);
});

test('after a missing row whose NUL is replaced the table is copied from its beginning', async () => {
  const found = await compared(
    [
      [['a'], 'a'],
      [['b\ufffd'], 'b'],
    ],
    [[['a'], 'a']],
  );
  assert.deepEqual([found.lost, found.complete], [['b\ufffd'], undefined]);
});
