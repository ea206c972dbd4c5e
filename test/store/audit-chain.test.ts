/** The chain over the history in SQLite: every fault is found. */
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { NOON } from '../../src/testing/store-samples.ts';
import { chainFaults } from './chain-faults.ts';
import { temporaryFile } from './temporary.ts';

chainFaults('SQLite', async () => {
  const path = temporaryFile();
  const store = await openSqliteStore({ path, clock: () => NOON });
  const sql = async (text: string): Promise<void> => {
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    database.exec(text);
    database.close();
  };
  return { store, sql, octets: (hex) => `x'${hex}'` };
});
