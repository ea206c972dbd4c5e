/** Files with keys of people that wait to be fetched: see core/key-link-store.ts. */
import type { Clock } from '../core/environment.ts';
import type { KeyLink, KeyLinkAct, KeyLinkFacts, KeyLinkStore } from '../core/key-link-store.ts';
import { addAudit } from './audit.ts';
import type { GroupCommit } from './batch.ts';
import { columnType, type Dialect } from './dialect.ts';
import { certificateRow } from './serials.ts';
import type { Database } from './tables.ts';

/** A part of step 4 of the schema. */
export async function createKeyLinks(db: Database, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('key_links')
    .addColumn('mark', 'text', (column) => column.primaryKey().notNull())
    .addColumn('sealed', columnType(dialect.bytes), (column) => column.notNull())
    .addColumn('facts', 'text', (column) => column.notNull())
    .addColumn('until', columnType(dialect.moment), (column) => column.notNull())
    .execute();
  await db.schema.createIndex('key_links_by_end').on('key_links').column('until').execute();
}

const factsIn = (text: string): KeyLinkFacts => JSON.parse(text) as KeyLinkFacts;

/** See KeyLinkStore. */
export async function addKeyLink(
  tx: Database,
  { mark, sealed, facts }: KeyLink,
  { until, act }: { until: Date; act: KeyLinkAct },
): Promise<Date> {
  await tx
    .insertInto('key_links')
    .values({ mark, sealed, facts: JSON.stringify(facts), until: until.getTime() })
    .execute();
  await noted(tx, 'key-link-made', { ...facts, ...act });
  return until;
}

/** See KeyLinkStore. The row that is deleted is the lock: a second one who asks finds none. */
export async function takeKeyLink(
  tx: Database,
  mark: string,
  { now, act }: { now: Date; act: KeyLinkAct },
): Promise<KeyLink | undefined> {
  const row = await tx
    .deleteFrom('key_links')
    .where('mark', '=', mark)
    .where('until', '>', now.getTime())
    .returning(['sealed', 'facts'])
    .executeTakeFirst();
  if (!row) return undefined;
  const facts = factsIn(row.facts);
  await noted(tx, 'key-fetched', { ...facts, ...act });
  return { mark, sealed: row.sealed, facts };
}

async function noted(
  tx: Database,
  event: 'key-link-made' | 'key-fetched',
  entry: KeyLinkFacts & KeyLinkAct,
): Promise<void> {
  const { issuerId, serial } = entry;
  const certificate =
    issuerId === undefined || serial === undefined ? undefined : await certificateRow(tx, { issuerId, serial });
  await addAudit(tx, { ...entry, event }, certificate === undefined ? {} : { certificate });
}

/** Without a write: most who ask with a wrong token ask often. */
const waits = async (db: Database, mark: string): Promise<boolean> =>
  (await db.selectFrom('key_links').select('mark').where('mark', '=', mark).executeTakeFirst()) !== undefined;

/** See KeyLinkStore. */
export async function listEndedKeyLinks(db: Database, now: Date, limit: number): Promise<Omit<KeyLink, 'sealed'>[]> {
  const rows = await db
    .selectFrom('key_links')
    .select(['mark', 'facts'])
    .where('until', '<=', now.getTime())
    .orderBy('until')
    .orderBy('mark')
    .limit(limit)
    .execute();
  return rows.map(({ mark, facts }) => ({ mark, facts: factsIn(facts) }));
}

/** The functions of a store, over what reads and what writes. `clock`: that of the store. */
export const keyLinks = ({ db, write }: { db: Database; write: GroupCommit['write'] }, clock: Clock): KeyLinkStore => ({
  addKeyLink: (link, ms, act) => write((tx) => addKeyLink(tx, link, { until: new Date(clock().getTime() + ms), act })),
  takeKeyLink: async (mark, act) =>
    (await waits(db, mark)) ? write((tx) => takeKeyLink(tx, mark, { now: clock(), act })) : undefined,
  listEndedKeyLinks: (limit) => listEndedKeyLinks(db, clock(), limit),
  removeEndedKeyLink: (mark) =>
    write(
      async (tx) =>
        void (await tx
          .deleteFrom('key_links')
          .where('mark', '=', mark)
          .where('until', '<=', clock().getTime())
          .execute()),
    ),
});
