/** How the keys of people of a tenant stand: counts, those that end, and what the server noted. See core/user-key-standing.ts. */
import { sql } from 'kysely';
import type { UserKey, UserKeyState } from '../core/user-key-store.ts';
import type {
  EndingFilter,
  UserKeyCounts,
  UserKeyNoteName,
  UserKeyNotes,
  UserKeyStandingStore,
} from '../core/user-key-standing.ts';
import type { Database } from './tables.ts';
import { userKeyFromRow } from './user-keys.ts';

/** A part of step 4 of the schema. */
export async function createUserKeyNotes({ schema }: Database): Promise<void> {
  await schema
    .createTable('user_key_notes')
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('user_key_notes_key', ['tenant', 'name'])
    .execute();
}

const NONE: UserKeyCounts = { wanted: 0, issued: 0, imported: 0, failed: 0, ended: 0, linked: 0 };

async function countUserKeys(db: Database, tenant: string): Promise<UserKeyCounts> {
  const rows = await db
    .selectFrom('user_keys')
    .select(({ fn }) => ['state', fn.countAll<number | string>().as('count')])
    .where('tenant', '=', tenant)
    .groupBy('state')
    .execute();
  const counts = rows.map(({ state, count }) => [state as UserKeyState, Number(count)] as const);
  return { ...NONE, ...Object.fromEntries(counts) };
}

/** In whole numbers, which both databases compare alike. */
async function endingUserKeys(db: Database, tenant: string, { at, percent, limit }: EndingFilter): Promise<UserKey[]> {
  const rows = await db
    .selectFrom('user_keys as key')
    .selectAll('key')
    .where('key.tenant', '=', tenant)
    .where('key.state', '=', 'imported')
    .where('key.origin', '=', 'made')
    .where('key.revoked_at', 'is', null)
    .where(sql<boolean>`(key.ends - ${at.getTime()}) * 100 <= (key.ends - key.starts) * ${percent}`)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('user_keys as newer')
            .select('newer.id')
            .whereRef('newer.upn_folded', '=', 'key.upn_folded')
            .whereRef('newer.tenant', '=', 'key.tenant')
            .whereRef('newer.purpose', '=', 'key.purpose')
            .where('newer.state', '=', 'imported')
            .whereRef('newer.starts', '>', 'key.starts'),
        ),
      ),
    )
    .orderBy('key.ends')
    .orderBy('key.id')
    .limit(limit)
    .execute();
  return rows.map(userKeyFromRow);
}

async function userKeyNotes(db: Database, tenant: string): Promise<UserKeyNotes> {
  const rows = await db.selectFrom('user_key_notes').selectAll().where('tenant', '=', tenant).execute();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

async function noteUserKeys(tx: Database, tenant: string, name: UserKeyNoteName, value: string | null): Promise<void> {
  if (value === null)
    await tx.deleteFrom('user_key_notes').where('tenant', '=', tenant).where('name', '=', name).execute();
  else
    await tx
      .insertInto('user_key_notes')
      .values({ tenant, name, value })
      .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet({ value }))
      .execute();
}

/** The functions of a store, over what reads and what writes. */
export const userKeyStandings = (
  db: Database,
  write: <T>(work: (tx: Database) => Promise<T>) => Promise<T>,
): UserKeyStandingStore => ({
  countUserKeys: (tenant) => countUserKeys(db, tenant),
  endingUserKeys: (tenant, filter) => endingUserKeys(db, tenant, filter),
  userKeyNotes: (tenant) => userKeyNotes(db, tenant),
  noteUserKeys: (tenant, name, value) => write((tx) => noteUserKeys(tx, tenant, name, value)),
});
