/** An engine that finds a missing `await`: a transaction whose statements take a turn of the event loop each. */
import { setImmediate } from 'node:timers/promises';
import type { CompiledQuery } from 'kysely';
import type { Engine } from '../../src/store/engine.ts';
import type { Database } from '../../src/store/tables.ts';

/**
 * Runs each statement of a transaction a turn of the event loop later, as a database in another process does. A
 * statement, or the commit, that comes while another one still runs fails.
 */
export const oneStatementAtATime = (engine: Engine): Engine => ({
  ...engine,
  alone: (work) => engine.alone((tx) => work(guarded(tx))),
});

/** Each transaction has an executor of its own. */
function guarded(tx: Database): Database {
  const executor = tx.getExecutor();
  const run = executor.executeQuery.bind(executor);
  let running: string | undefined;
  const executeQuery = async (query: CompiledQuery) => {
    if (running !== undefined) throw new Error(`"${query.sql}" came before "${running}" had ended: await is missing`);
    running = query.sql;
    try {
      await setImmediate();
      return await run(query);
    } finally {
      running = undefined;
    }
  };
  Object.assign(executor, { executeQuery });
  return tx;
}
