/** The SQLite store keeps the contract of every store, in memory and in a file. */
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { storeContract } from '../contracts/store.ts';
import { NOON } from '../contracts/store-samples.ts';
import { temporaryFile } from './temporary.ts';

const clock = () => NOON;

storeContract('sqlite in memory', async () => ({ store: await openSqliteStore({ path: ':memory:', clock }) }));

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
