/**
 * Removes what is old. A page is read outside of the transaction that writes, so that the write lock is held for what is
 * removed alone; that can be done with rows that are old, because they change no more.
 */
import type { OldKind } from '../core/records.ts';
import type { OldPage, RemovedPage } from '../core/store.ts';
import { alternativeNamesText } from '../pkix/alternative-names.ts';
import type { GroupCommit } from './batch.ts';
import { removeOldEntries } from './old-entries.ts';
import { padded } from './chained-entries.ts';
import { prepared } from './prepared.ts';
import type { Database, Moment } from './tables.ts';

/** The rows of a page that are old, and where the next page begins. */
type Page = { old: OldRow[]; next?: number | undefined };
type OldRow = { id: number; certificate: number | null; der?: Uint8Array | null };
type Asked = { before: Moment; after: number; limit: number };

type Kind = {
  read: (db: Database, asked: Asked) => Promise<Page>;
  remove: (tx: Database, rows: readonly OldRow[]) => Promise<unknown>;
};

const KINDS: Readonly<Record<Exclude<OldKind, 'audit'>, Kind>> = {
  transactions: {
    read: oldTransactions,
    remove: (tx, rows) =>
      tx
        .deleteFrom('transactions')
        .where('id', 'in', padded(rows.map(({ id }) => id)))
        .execute(),
  },
  der: {
    read: endedCertificates,
    remove: removeDer,
  },
};

/** See OldRecordStore. */
export async function removeOld(
  db: Database,
  write: GroupCommit['write'],
  page: OldPage,
  now: Date,
): Promise<RemovedPage> {
  const { kind, before, after = 0, limit } = page;
  if (kind === 'audit')
    return removeOldEntries({ db, write }, page, { waiting: () => notYetNotified(db, before.getTime()), now });
  const { read, remove } = KINDS[kind];
  const { old, next } = await read(db, { before: before.getTime(), after, limit });
  const waiting = old.length > 0 ? await notYetNotified(db, before.getTime()) : new Set();
  const rows = old.filter(({ certificate }) => !waiting.has(certificate));
  if (rows.length > 0) await write((tx) => remove(tx, rows));
  // A whole page of one moment that is left out would be read for ever.
  const goesOn = next === after && rows.length === 0 ? next + 1 : next;
  return { removed: rows.length, ...(goesOn !== undefined && { next: goesOn }) };
}

const withoutDer = prepared((db, { id, names }: { id: number; names: string | null }) =>
  db.updateTable('certificates').set({ der: null, alternative_names: names }).where('id', '=', id),
);

/** The names that only the DER has stay, because people look at them. */
async function removeDer(tx: Database, rows: readonly OldRow[]): Promise<void> {
  for (const { id, der } of rows) await withoutDer(tx, { id, names: (der && alternativeNamesText(der)) ?? null });
}

/** Those that wait have a time of their own: see `forgetRequests`. */
async function oldTransactions(db: Database, { before, after, limit }: Asked): Promise<Page> {
  const rows = await db
    .selectFrom('transactions')
    .leftJoin('certificates', 'certificates.id', 'transactions.certificate_id')
    .select(['transactions.id', 'created_at', 'updated_at', 'transactions.state', 'certificate_id', 'not_after'])
    .where('transactions.id', '>', after)
    .orderBy('transactions.id')
    .limit(limit)
    .execute();
  const old = rows.filter(
    ({ state, updated_at, not_after }) =>
      (state === 'issued' || state === 'rejected') && updated_at < before && (not_after ?? 0) < before,
  );
  // None was issued after its certificate had ended: those that come after a young one are young too.
  const isYoung = (rows.at(-1)?.created_at ?? before) >= before;
  return { old: old.map(certified), next: isYoung || rows.length < limit ? undefined : rows.at(-1)?.id };
}

const certified = ({ id, certificate_id }: { id: number; certificate_id: number | null }): OldRow => ({
  id,
  certificate: certificate_id,
});

/**
 * In the order of their ends and ids, from the last one on whose DER was removed: after a crash it goes on there, and what
 * was done is not read again. What was left out on the way, because its notification waited, is left out for good.
 */
async function endedCertificates(db: Database, { before, after, limit }: Asked): Promise<Page> {
  const { end, id } = (await lastWithoutDer(db, after)) ?? { end: after, id: 0 };
  const withDer = db
    .selectFrom('certificates')
    .select(['id', 'not_after', 'der'])
    .where('not_after', '<', before)
    .where('der', 'is not', null);
  // A CA that ends cuts off many certificates at one moment, so that the ids decide among those.
  const same = await withDer.where('not_after', '=', end).where('id', '>', id).orderBy('id').limit(limit).execute();
  const left = limit - same.length;
  const later = await withDer
    .where('not_after', '>', end)
    .orderBy('not_after')
    .orderBy('id')
    .limit(left)
    .$call((query) => (left > 0 ? query.execute() : Promise.resolve([])));
  const rows = [...same, ...later];
  const old = rows.map(({ id, der }) => ({ id, certificate: id, der }));
  return { old, next: rows.length < limit ? undefined : rows.at(-1)?.not_after };
}

const lastWithoutDer = (db: Database, after: Moment): Promise<{ end: Moment; id: number } | undefined> =>
  db
    .selectFrom('certificates')
    .select(['not_after as end', 'id'])
    .where('der', 'is', null)
    .where('not_after', '>=', after)
    .orderBy('not_after', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

/** Notifications in memory at once. */
const PAGE = 500;

/** Certificates of notifications from before this moment. Ids grow, so the oldest come first; mostly there is none. */
async function notYetNotified(db: Database, before: Moment): Promise<Set<number | null>> {
  const waiting = new Set<number | null>();
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('notifications')
      .select(['id', 'certificate_id', 'created_at'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute();
    const old = rows.filter(({ created_at }) => created_at < before);
    for (const { certificate_id } of old) if (certificate_id !== null) waiting.add(certificate_id);
    const last = rows.at(-1);
    if (!last || old.length < rows.length) return waiting;
    after = last.id;
  }
}
