/** Takes away what is recorded about one person. Of what the chain covers, its hash stays, so that it can be verified. */
import { erasedDetail } from '../audit/erased-entries.ts';
import { personalHash } from '../audit/link-hash.ts';
import type { PersonCounts, PersonErasure } from '../core/person.ts';
import type { UserKey } from '../core/user-key-store.ts';
import type { AuditEntry } from '../core/records.ts';
import { addAudit } from './audit.ts';
import type { GroupCommit } from './batch.ts';
import { entriesOf, hex, ofHex, padded } from './chained-entries.ts';
import { attemptsOf, deleteAttempts } from './old-attempts.ts';
import { PAGE, type PersonEntry, personRows, type PersonRows } from './person-rows.ts';
import { listUserKeys } from './user-keys.ts';
import type { Database, Moment } from './tables.ts';

/** Rows of what goes. */
type ErasedRows = {
  certificates: number[];
  transactions: number[];
  entries: number[];
  attempts: number[];
  keys: string[];
};
type Plan = { rows: ErasedRows; erasure: PersonErasure };

/** See PersonStore. */
export const previewErasure = async (db: Database, name: string, at: Date): Promise<PersonErasure> =>
  (await planned(db, name, at.getTime())).erasure;

/** See PersonStore. */
export async function erasePerson(
  db: Database,
  write: GroupCommit['write'],
  name: string,
  audit: AuditEntry,
): Promise<PersonErasure> {
  const { rows, erasure } = await planned(db, name, audit.at.getTime());
  const { certificates, requests, entries, attempts, keys } = erasure.erased;
  if (certificates + requests + entries + attempts + keys === 0) return erasure;
  await write(async (tx) => {
    await inPages(rows.transactions, (ids) => tx.deleteFrom('transactions').where('id', 'in', ids).execute());
    await inPages(rows.certificates, (ids) => emptyCertificates(tx, ids));
    await inPages(rows.attempts, (ids) => deleteAttempts(tx, ids));
    for (const id of rows.keys) await tx.deleteFrom('user_keys').where('id', '=', id).execute();
    const numbers: number[] = [];
    await inPages(rows.entries, async (ids) => numbers.push(...(await emptyEntries(tx, ids))));
    await addAudit(tx, { ...audit, detail: erasedDetail(numbers, { certificates, requests }) }, {});
  });
  return erasure;
}

async function inPages(all: readonly number[], work: (ids: number[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += PAGE) await work(padded(all.slice(at, at + PAGE)));
}

/** No octets, and not null: `removeOld` goes on from the last that is null, and would leave out those that end before. */
const NO_OCTETS = new Uint8Array(0);

async function emptyCertificates(tx: Database, ids: number[]): Promise<void> {
  await tx.deleteFrom('names').where('certificate_id', 'in', ids).execute();
  await tx
    .updateTable('certificates')
    .set({ subject: '', subject_folded: '', alternative_names: null, der: NO_OCTETS })
    .where('id', 'in', ids)
    .execute();
}

/** Returns their numbers in the chain. */
async function emptyEntries(tx: Database, ids: number[]): Promise<number[]> {
  const entries = new Map((await entriesOf(tx, ids)).map((entry) => [entry.id, entry]));
  const links = await tx.selectFrom('audit_chain').selectAll().where('entry', 'in', ids).execute();
  const erased: number[] = [];
  for (const { number, entry: id, salt } of links) {
    const entry = entries.get(id);
    if (!entry || !salt) continue;
    const personal = ofHex(personalHash(hex(salt), entry));
    await tx.updateTable('audit_chain').set({ salt: null, personal }).where('number', '=', number).execute();
    await tx
      .updateTable('audit')
      .set({ actor_name: null, actor_address: null, detail: null, challenge: null })
      .where('id', '=', id)
      .execute();
    erased.push(number);
  }
  return erased;
}

async function planned(db: Database, name: string, at: Moment): Promise<Plan> {
  const found = await personRows(db, name);
  const { unlinked, bare } = await linksOf(db, found.entries);
  const waiting = await notified(db);
  const open = new Set(found.entries.filter(({ id }) => unlinked.has(id)).map(({ certificate }) => certificate));
  const ended = await endedOf(db, found, at);
  const isOver = (id: number | null): boolean => id === null || (ended.has(id) && !waiting.has(id) && !open.has(id));
  const isErased = ({ id, certificate, isNamed, isOwn }: PersonEntry): boolean =>
    (isNamed || isOwn) && isOver(certificate) && !unlinked.has(id);
  const isDone = ({ state, certificate_id }: PersonRows['transactions'][number]): boolean =>
    (state === 'issued' || state === 'rejected') && isOver(certificate_id);
  const keys = await listUserKeys(db, { user: name });
  const isUnused = ({ state, ends }: UserKey): boolean =>
    state === 'failed' || state === 'ended' || (ends !== undefined && ends.getTime() < at);
  const rows: ErasedRows = {
    certificates: found.certificates.filter(({ id }) => isOver(id)).map(({ id }) => id),
    transactions: found.transactions.filter(isDone).map(({ id }) => id),
    entries: found.entries.filter((entry) => isErased(entry) && !bare.has(entry.id)).map(({ id }) => id),
    attempts: (await attemptsOf(db, name)).map(({ id }) => id),
    keys: keys.filter(isUnused).map(({ id }) => id),
  };
  const erased = countsOf(rows);
  const entries = found.entries.filter(({ id }) => !bare.has(id));
  const all = countsOf({ ...found, entries, attempts: rows.attempts, keys });
  return { rows, erasure: { erased, kept: without(all, erased) } };
}

type Rows = Readonly<Record<keyof ErasedRows, readonly unknown[]>>;

const countsOf = ({ certificates, transactions, entries, attempts, keys }: Rows): PersonCounts => ({
  certificates: certificates.length,
  requests: transactions.length,
  entries: entries.length,
  attempts: attempts.length,
  keys: keys.length,
});

const without = (all: PersonCounts, erased: PersonCounts): PersonCounts => ({
  certificates: all.certificates - erased.certificates,
  requests: all.requests - erased.requests,
  entries: all.entries - erased.entries,
  attempts: all.attempts - erased.attempts,
  keys: all.keys - erased.keys,
});

/** Entries that have no link yet, and those that were erased before. */
async function linksOf(db: Database, entries: readonly PersonEntry[]) {
  const unlinked = new Set(entries.map(({ id }) => id));
  const bare = new Set<number>();
  await inPages([...unlinked], async (ids) => {
    const links = await db.selectFrom('audit_chain').select(['entry', 'salt']).where('entry', 'in', ids).execute();
    for (const { entry, salt } of links) {
      unlinked.delete(entry);
      if (!salt) bare.add(entry);
    }
  });
  return { unlinked, bare };
}

/** Retention keeps the entry of a certificate until it has ended and was notified: the entry that says it was erased must be newer. */
async function endedOf(db: Database, { certificates, entries }: PersonRows, at: Moment): Promise<Set<number>> {
  const ids = new Set([
    ...certificates.map(({ id }) => id),
    ...entries.flatMap(({ certificate }) => certificate ?? []),
  ]);
  const ended = new Set<number>();
  await inPages([...ids], async (some) => {
    const rows = await db.selectFrom('certificates').select(['id', 'not_after']).where('id', 'in', some).execute();
    for (const { id, not_after } of rows) if (not_after < at) ended.add(id);
  });
  return ended;
}

/** Certificates that a notification still reports. */
async function notified(db: Database): Promise<Set<number | null>> {
  const rows = await db
    .selectFrom('notifications')
    .select('certificate_id')
    .where('certificate_id', 'is not', null)
    .execute();
  return new Set(rows.map(({ certificate_id }) => certificate_id));
}
