/** How the author of a store tests it: `node --test store-suite.js`. Here it is our own, on SQLite, with a counter around it. */
import { openSqliteStore } from 'openndes';
import type { Issuance, RecordResult, Store } from 'openndes/store';
import { storeContract } from 'openndes/testing';

/** Counts what was issued, and changes nothing else. */
function counting(store: Store): Store & { readonly issued: number } {
  let issued = 0;
  return {
    ...store,
    get issued() {
      return issued;
    },
    async recordIssued(issuance: Issuance): Promise<RecordResult> {
      const result = await store.recordIssued(issuance);
      if (result.kind === 'recorded') issued++;
      return result;
    },
  };
}

storeContract('counting', async (clock) => ({ store: counting(await openSqliteStore({ path: ':memory:', clock })) }));
