/** Whether every row of a store has what it refers to. Each page is one statement, so that it sees one moment while servers run. */
import type { StoreFault } from '../core/store-faults.ts';
import { sql } from 'kysely';
import { certificatesOf } from './examined-certificates.ts';
import { type Examined, pages, RESTORE } from './examined-pages.ts';
import { decodeNotification } from './notification-codec.ts';
import type { Database, Moment } from './tables.ts';

/** All tables, one after the other. */
export async function* examineRows(db: Database, now: Moment): Examined {
  yield* certificatesOf(db, now);
  yield* transactionsOf(db);
  yield* notificationsOf(db);
  yield* revocationsOf(db);
  yield* auditOf(db);
  yield* namesOf(db);
}

const transactionsOf = (db: Database): Examined =>
  pages('transactions', async (after, limit) => {
    const rows = await db
      .selectFrom('transactions')
      .leftJoin('certificates', 'certificates.id', 'transactions.certificate_id')
      .select(['transactions.id', 'transactions.transaction_id', 'transactions.state', 'certificate_id'])
      .select('certificates.id as found')
      .where('transactions.id', '>', after)
      .orderBy('transactions.id')
      .limit(limit)
      .execute();
    const faults = rows.flatMap(({ id, transaction_id, state, certificate_id, found }): StoreFault[] => {
      const row = `transaction ${transaction_id} (row ${id})`;
      const named = `has the certificate of row ${certificate_id}`;
      if (state === 'issued' && found === null)
        return [
          {
            table: 'transactions',
            row,
            what: certificate_id === null ? 'is issued, and has no certificate' : `${named}, which is not there`,
            remedy: RESTORE,
          },
        ];
      if (state !== 'issued' && certificate_id !== null)
        return [{ table: 'transactions', row, what: `is ${state}, and ${named}`, remedy: RESTORE }];
      return [];
    });
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

const notificationsOf = (db: Database): Examined =>
  pages('notifications', async (after, limit) => {
    const rows = await db
      .selectFrom('notifications')
      .leftJoin('certificates', 'certificates.id', 'notifications.certificate_id')
      .select(['notifications.id', 'payload', 'certificate_id', 'certificates.id as found'])
      .where('notifications.id', '>', after)
      .orderBy('notifications.id')
      .limit(limit)
      .execute();
    const faults = rows.flatMap(({ id, payload, certificate_id, found }): StoreFault[] => {
      const what = notificationProblem(payload, certificate_id, found);
      const remedy = `Give it up with \`openndes notifications drop ${id}\`: it can tell nothing.`;
      return what === undefined ? [] : [{ table: 'notifications', row: `notification ${id}`, what, remedy }];
    });
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

/** A failure has no certificate. */
function notificationProblem(payload: string, certificate: number | null, found: number | null): string | undefined {
  if (certificate !== null && found === null)
    return `reports the certificate of row ${certificate}, which is not there`;
  try {
    const { kind } = decodeNotification(payload);
    return kind === 'success' && certificate === null ? 'reports a certificate, and names none' : undefined;
  } catch {
    return 'cannot be read';
  }
}

const revocationsOf = (db: Database): Examined =>
  pages('revocations', async (after, limit) => {
    const rows = await db
      .selectFrom('revocations')
      .leftJoin('certificates', 'certificates.id', 'revocations.certificate_id')
      .select(['certificate_id as id', 'revocations.serial', 'certificates.id as found'])
      .where('certificate_id', '>', after)
      .orderBy('certificate_id')
      .limit(limit)
      .execute();
    const faults = rows
      .filter(({ found }) => found === null)
      .map(({ id, serial }) => ({
        table: 'revocations',
        row: `revocation of ${serial}`,
        what: `is of the certificate of row ${id}, which is not there`,
        remedy: RESTORE,
      }));
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

const auditOf = (db: Database): Examined =>
  pages('audit', async (after, limit) => {
    const rows = await db
      .selectFrom('audit')
      .leftJoin('certificates', 'certificates.id', 'audit.certificate_id')
      .select(['audit.id', 'event', 'certificate_id', 'certificates.id as found'])
      .where('audit.id', '>', after)
      .orderBy('audit.id')
      .limit(limit)
      .execute();
    const faults = rows
      .filter(({ certificate_id, found }) => certificate_id !== null && found === null)
      .map(({ id, event, certificate_id }) => ({
        table: 'audit',
        row: `entry ${id} (${event})`,
        what: `is about the certificate of row ${certificate_id}, which is not there`,
        remedy: RESTORE,
      }));
    return { rows: rows.length, faults, last: rows.at(-1)?.id };
  });

/** Names in memory at once. */
const PAGE = 1_000;

/** In the order of their key: they have no number. */
async function* namesOf(db: Database): Examined {
  for (let last: { kind: string; value: string; certificate_id: number } | undefined; ; ) {
    const after =
      last && sql<boolean>`(kind, value, certificate_id) > (${last.kind}, ${last.value}, ${last.certificate_id})`;
    const rows = await db
      .selectFrom('names')
      .leftJoin('certificates', 'certificates.id', 'names.certificate_id')
      .select(['kind', 'value', 'certificate_id', 'certificates.id as found'])
      .$if(after !== undefined, (query) => query.where(after ?? sql<boolean>`true`))
      .orderBy('kind')
      .orderBy('value')
      .orderBy('certificate_id')
      .limit(PAGE)
      .execute();
    const faults = rows
      .filter(({ found }) => found === null)
      .map(({ kind, value, certificate_id }) => ({
        table: 'names',
        row: `name ${kind}:${value}`,
        what: `is of the certificate of row ${certificate_id}, which is not there`,
        remedy: RESTORE,
      }));
    yield { table: 'names', rows: rows.length, faults };
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}
