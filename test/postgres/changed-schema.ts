/** Statements that were prepared before another version extended their table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompiledQuery } from 'kysely';
import { postgresEngine } from '../../src/store/postgres-engine.ts';
import { cluster, ROLE } from '../kit/postgres-cluster.ts';

const server = await cluster({ version: 15 });

/** More than there are connections, so that each connection has several. */
const NUMBERS = Array.from({ length: 60 }, (_, n) => n);

test('a column is added while statements run: each gets its own answer', async () => {
  const database = await server.database();
  const sql = (text: string): Promise<object[]> => server.sql(text, database);
  await sql('create table "device" (number integer, name text)');
  await sql(`insert into "device" select n, 'device ' || n from generate_series(0, 59) n`);
  await sql(`grant select on "device" to ${ROLE.user}`);
  const engine = postgresEngine({ place: server.place(database), password: () => ROLE.password, random: Math.random });
  const named = async (statement: string, number: number): Promise<unknown> =>
    (await engine.db.executeQuery<{ name: string }>(CompiledQuery.raw(statement, [number]))).rows[0]?.name;
  const askedTwice = (number: number): Promise<unknown[]> =>
    Promise.all([
      named('select * from "device" where number = $1', number),
      named('select * from "device" where number = $1 and 0 < 1', number),
    ]);
  const expected = NUMBERS.map((number) => [`device ${number}`, `device ${number}`]);

  assert.deepEqual(await Promise.all(NUMBERS.map(askedTwice)), expected);
  await sql('alter table "device" add column place text');
  assert.deepEqual(await Promise.all(NUMBERS.map(askedTwice)), expected);
  await engine.close();
});
