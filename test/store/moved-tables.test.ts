/** Every table of the schema is copied into another database by its primary key, or is known not to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COPIED, MOVED } from '../../src/store/moved-tables.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';

const database = openDatabase(':memory:');
await migrate(sqliteEngine(database, ':memory:'), ':memory:');

test('no table of the database is forgotten', () => {
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
  assert.ok(tables.length > 20, tables.join());
  assert.deepEqual(
    tables.filter((table) => !(table in MOVED)),
    [],
  );
});

test('each table is read in the order of its primary key', () => {
  const isTable = (name: string): boolean =>
    database.prepare("select 1 from sqlite_schema where name = ? and type = 'table'").get(name) !== undefined;
  const keyOf = (table: string): string[] =>
    database
      .prepare(`select name from pragma_table_info(?) where pk > 0 order by pk`)
      .all(table)
      .map(({ name }) => String(name));
  const tables = COPIED.filter(({ table }) => isTable(table));
  assert.ok(tables.length > 15, tables.map(({ table }) => table).join());
  assert.deepEqual(
    tables.map(({ table, key }) => [table, ...key]),
    tables.map(({ table }) => [table, ...keyOf(table)]),
  );
});
