/** node:sqlite in the shape that kysely expects. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import { DIALECTS } from './dialect.ts';
import type { Engine } from './engine.ts';
import { explained } from './sqlite-faults.ts';

/** The engine over an open database. Statements are prepared once per SQL text and kept; `path` names it in errors. */
export function sqliteEngine(database: DatabaseSync, path: string): Engine {
  const statements = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    const known = statements.get(text);
    if (known) return known;
    const statement = adapt(database, text, path);
    statements.set(text, statement);
    return statement;
  };
  const dialect = new SqliteDialect({ database: { prepare, close: () => database.close() } });
  return { db: new Kysely({ dialect }), dialect: DIALECTS.sqlite, inTransaction: () => database.isTransaction };
}

function adapt(database: DatabaseSync, text: string, path: string): SqliteStatement {
  const statement = explained(path, () => database.prepare(text));
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => explained(path, () => statement.all(...values(parameters))),
    run: (parameters) => explained(path, () => statement.run(...values(parameters))),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
