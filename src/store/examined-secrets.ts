/** Whether each secret of a database opens with the keys that are given. */
import type { ExaminedRows, StoreFault } from '../core/store-faults.ts';
import { type Examined, pages } from './examined-pages.ts';
import { sealedNotifications, sealedTransactions } from './sealed-rows.ts';
import { COPY_MARK } from './copy-mark.ts';
import { openSecret } from './sealed-store.ts';
import type { Sealer } from './sealer.ts';
import { PROOF } from './secrets-check.ts';
import type { Database } from './tables.ts';

/** What is not sealed is no fault: it is from before there was a key. What cannot be read is one of its own table. */
export async function* secretsOf(db: Database, sealer: Sealer): Examined {
  yield* notificationSecrets(db, sealer);
  yield* requestSecrets(db, sealer);
  yield await sharedSecrets(db, sealer);
}

const notificationSecrets = (db: Database, sealer: Sealer): Examined =>
  pages('secrets', async (after, limit) => {
    const rows = await db
      .selectFrom('notifications')
      .select(['id', 'payload'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    const { open } = sealedNotifications(sealer);
    const faults = rows.flatMap((row): StoreFault[] =>
      opens(() => open(row))
        ? []
        : [
            {
              table: 'notifications',
              row: `notification ${row.id}`,
              what: SEALED,
              remedy: `${OTHER_KEY} or give it up with \`openndes notifications drop ${row.id}\`.`,
            },
          ],
    );
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

const requestSecrets = (db: Database, sealer: Sealer): Examined =>
  pages('secrets', async (after, limit) => {
    const rows = await db
      .selectFrom('transactions')
      .select(['id', 'key', 'transaction_id', 'csr', 'issuance'])
      .where('csr', 'is not', null)
      .where('state', 'in', ['pending', 'approved'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    const { open } = sealedTransactions(sealer);
    const faults = rows.flatMap((row): StoreFault[] =>
      opens(() => open(row))
        ? []
        : [
            {
              table: 'transactions',
              row: `transaction ${row.transaction_id} (row ${row.id})`,
              what: SEALED,
              remedy: `${OTHER_KEY} or let the device ask anew: it gets no certificate for this request.`,
            },
          ],
    );
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

/** Those of SecretStore, which are few: the RA of each authority. */
async function sharedSecrets(db: Database, sealer: Sealer): Promise<ExaminedRows> {
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'value'])
    .where('name', 'not in', [PROOF, COPY_MARK])
    .execute();
  const faults = rows
    .filter(({ name, value }) => !opens(() => openSecret(sealer, Buffer.from(value, 'base64'), name)))
    .map(({ name }) => ({
      table: 'secrets',
      row: `secret ${name}`,
      what: SEALED,
      remedy: `${OTHER_KEY} or stop every server and delete the row: the next start makes another RA.`,
    }));
  return { table: 'secrets', rows: rows.length, faults };
}

const SEALED = 'has a secret that `store.secretsKey` does not open';
const OTHER_KEY = 'Add the key with which it was sealed, as `[NEW, OLD]`;';

function opens(open: () => unknown): boolean {
  try {
    open();
    return true;
  } catch (error) {
    // No JSON: the examination of the table says so.
    return error instanceof SyntaxError;
  }
}
