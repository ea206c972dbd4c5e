/** The SQLite store keeps the contract of every store, in memory and in a file, and with a database that takes its time. */
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase, openSqliteStore } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';
import { createStore } from '../../src/store/create-store.ts';
import { storeContract } from '../../src/testing/store-contract.ts';
import { NOON } from '../../src/testing/store-samples.ts';
import { oneStatementAtATime } from './one-statement.ts';
import { temporaryFile } from './temporary.ts';

const clock = () => NOON;

storeContract('sqlite in memory', async () => ({ store: await openSqliteStore({ path: ':memory:', clock }) }));

storeContract('sqlite, one statement at a time', async () => {
  const engine = sqliteEngine(openDatabase(':memory:'), ':memory:');
  await migrate(engine, ':memory:');
  return { store: createStore(oneStatementAtATime(engine), clock) };
});

storeContract('sqlite in a file', async () => {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock });
  return {
    store,
    reopen: async () => {
      await store.close();
      return openSqliteStore({ path, clock });
    },
  };
});
