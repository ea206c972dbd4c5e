/** node:sqlite under kysely's query builder: one connection, and no pool of connections between the two. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type QueryResult, SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { DIALECTS } from './dialect.ts';
import type { Engine } from './engine.ts';
import { kyselyOver, type RunQuery } from './kysely-over.ts';
import { explained } from './sqlite-faults.ts';

/**
 * Turns among the threads of this process that write to one file: SQLite itself lets a thread do nothing else while it
 * waits for the lock of another one. `take` is undefined when the turn came at once. It does not reject.
 */
export type WriteTurns = { take: () => Promise<void> | undefined; give: () => void };

/**
 * The engine over an open database; `path` names it in errors. Statements are prepared once per SQL text and kept. What
 * is read outside of a transaction waits for the end of the one that is open, and so sees only what is committed.
 */
export function sqliteEngine(database: DatabaseSync, path: string, turns?: WriteTurns): Engine {
  const statements = new Map<string, Statement>();
  let writing: Promise<void> | undefined;
  let busy: Promise<void> | undefined;

  const run: RunQuery = async (query) => {
    const known = statements.get(query.sql);
    const statement = known ?? explained(path, () => prepare(database, query.sql));
    if (!known) statements.set(query.sql, statement);
    return explained(path, () => statement(query.parameters as SQLInputValue[])) as QueryResult<never>;
  };
  const runWhenFree: RunQuery = async (query) => {
    while (busy) await busy;
    return run(query);
  };
  const over = kyselyOver(new SqliteAdapter(), new SqliteQueryCompiler());

  return {
    db: over(runWhenFree),
    dialect: DIALECTS.sqlite,
    inTransaction: () => database.isTransaction,
    async alone(work) {
      while (writing) await writing;
      const { promise, resolve } = Promise.withResolvers<void>();
      writing = promise;
      const turn = turns?.take();
      // What is read meanwhile does not wait for the turn.
      if (turn) await turn;
      busy = promise;
      try {
        return await work(over(run));
      } finally {
        turns?.give();
        writing = undefined;
        busy = undefined;
        resolve();
      }
    },
    close: () => void (database.isOpen && database.close()),
  };
}

type Statement = (values: SQLInputValue[]) => QueryResult<unknown>;

function prepare(database: DatabaseSync, text: string): Statement {
  const statement = database.prepare(text);
  return statement.columns().length > 0 ? (values) => ({ rows: statement.all(...values) }) : writing(statement);
}

const NO_ROWS: unknown[] = [];

const writing =
  (statement: StatementSync): Statement =>
  (values) => {
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: NO_ROWS, numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  };
