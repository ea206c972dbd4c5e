/** The schema and the queries are also PostgreSQL's: the same migrations and statements, in its words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  type LogEvent,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { DIALECTS } from '../../src/store/dialect.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import type { Tables } from '../../src/store/tables.ts';

/** Without a row, and with a clock. */
class EmptyDatabase extends DummyDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    const executeQuery = async <Row>({ sql }: CompiledQuery): Promise<QueryResult<Row>> => ({
      rows: sql.includes('clock_timestamp()') ? [{ now: 1_800_000_000_000 } as Row] : [],
    });
    return Object.assign(await super.acquireConnection(), { executeQuery });
  }
}

async function migrations(): Promise<string[]> {
  const texts: string[] = [];
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new EmptyDatabase(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: (event: LogEvent) => void texts.push(event.query.sql),
  });
  for (const migration of MIGRATIONS) await migration(db, DIALECTS.postgres);
  return texts;
}

test('the migrations have a form for PostgreSQL', async () => {
  const text = (await migrations()).join(';\n');
  assert.match(text, /create table "certificates_next" \("id" bigint primary key.*partition by range \(id\)/);
  assert.match(text, /"der" bytea not null/);
  assert.match(text, /"not_before" bigint not null/);
  assert.doesNotMatch(text, /autoincrement|blob|serial primary key|\?/);
});

test('a unique violation is told from any other error by its code', () => {
  const error = (code: string) => Object.assign(new Error('failed'), { code });
  assert.equal(DIALECTS.postgres.isConflict(error('23505')), true);
  assert.equal(DIALECTS.postgres.isConflict(error('23503')), false);
  assert.equal(DIALECTS.postgres.isConflict('23505'), false);
});
