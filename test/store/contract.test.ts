/** The SQLite store keeps the contract of every store, in memory and in a file, and with a database that takes its time. */
import { createStore } from '../../src/store/create-store.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDatabase, openSqliteStore } from '../../src/store/sqlite.ts';
import { sqliteEngine } from '../../src/store/sqlite-engine.ts';
import { storeContract } from '../../src/testing/store-contract.ts';
import { oneStatementAtATime } from './one-statement.ts';
import { temporaryFile } from './temporary.ts';

storeContract('sqlite in memory', async (clock) => ({ store: await openSqliteStore({ path: ':memory:', clock }) }));

storeContract('sqlite, one statement at a time', async (clock) => {
  const engine = sqliteEngine(openDatabase(':memory:'), ':memory:');
  await migrate(engine, ':memory:');
  return { store: createStore(oneStatementAtATime(engine), clock) };
});

storeContract('sqlite in a file', async (clock) => {
  const path = temporaryFile();
  let store = await openSqliteStore({ path, clock });
  return {
    store,
    reopen: async (how) => {
      await store.close();
      store = await openSqliteStore({ path, clock, ...(how === 'claimed' && { claimed: true }) });
      return store;
    },
    beside: () => openSqliteStore({ path, clock }),
  };
});
