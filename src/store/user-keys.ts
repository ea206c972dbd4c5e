/** Keys of people: see core/user-key-store.ts. */
import type { Selectable } from 'kysely';
import { defined } from '../core/defined.ts';
import type { PfxPurpose } from '../core/imported-pfx.ts';
import type { AuditEntry } from '../core/records.ts';
import type {
  NewUserKey,
  UserKey,
  UserKeyChange,
  UserKeyFilter,
  UserKeyState,
  UserKeyStore,
} from '../core/user-key-store.ts';
import { addAudit } from './audit.ts';
import { columnType, type Dialect } from './dialect.ts';
import type { Database, UserKeyTable } from './tables.ts';

/** A part of step 4 of the schema. */
export async function createUserKeys(db: Database, dialect: Dialect): Promise<void> {
  const moment = columnType(dialect.moment);
  const { schema } = db;
  await schema
    .createTable('user_keys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('upn', 'text', (column) => column.notNull())
    .addColumn('upn_folded', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('under_way', 'text', (column) => column.unique())
    .addColumn('at', moment, (column) => column.notNull())
    .addColumn('due_at', moment, (column) => column.notNull())
    .addColumn('tries', 'integer', (column) => column.notNull())
    .addColumn('fault', 'text')
    .addColumn('issuer_id', 'text')
    .addColumn('serial', 'text')
    .addColumn('thumbprint', 'text')
    .addColumn('starts', moment)
    .addColumn('ends', moment)
    .addColumn('revoked_at', moment)
    .addColumn('renews', 'text')
    .addColumn('escrow', 'text')
    .execute();
  await schema.createIndex('user_keys_by_user').on('user_keys').columns(['upn_folded', 'tenant']).execute();
  await schema.createIndex('user_keys_by_due').on('user_keys').columns(['state', 'due_at']).execute();
  await schema.createIndex('user_keys_by_end').on('user_keys').column('ends').execute();
}

/** Of one tenant, user and purpose the index lets one key have it. */
const underWay = ({ tenant, userPrincipalName, purpose }: Pick<UserKey, 'tenant' | 'userPrincipalName' | 'purpose'>) =>
  JSON.stringify([tenant, userPrincipalName.toLowerCase(), purpose]);

const isUnderWay = (state: UserKeyState): boolean => state === 'wanted' || state === 'issued';

const moment = (date: Date | null | undefined): number | null => date?.getTime() ?? null;

/** See UserKeyStore. */
export async function addUserKey(tx: Database, key: NewUserKey, audit?: AuditEntry): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('user_keys')
    .values({
      id: key.id,
      tenant: key.tenant,
      upn: key.userPrincipalName,
      upn_folded: key.userPrincipalName.toLowerCase(),
      user_id: key.userId ?? null,
      purpose: key.purpose,
      origin: key.origin,
      state: key.state,
      under_way: isUnderWay(key.state) ? underWay(key) : null,
      at: key.at.getTime(),
      due_at: key.dueAt.getTime(),
      tries: 0,
      fault: null,
      issuer_id: key.certificate?.issuerId ?? null,
      serial: key.certificate?.serial ?? null,
      thumbprint: key.thumbprint ?? null,
      starts: moment(key.starts),
      ends: moment(key.ends),
      revoked_at: null,
      renews: key.renews ?? null,
      escrow: key.escrow ?? null,
    })
    .onConflict((conflict) => conflict.column('under_way').doNothing())
    .executeTakeFirst();
  const isNew = Boolean(numInsertedOrUpdatedRows);
  if (isNew && audit) await addAudit(tx, audit, {});
  return isNew;
}

/** See UserKeyStore. */
export async function changeUserKey(
  tx: Database,
  id: string,
  from: UserKeyState,
  change: UserKeyChange,
): Promise<boolean> {
  const { state, certificate, dueAt, starts, ends, revokedAt, userId, tries, fault, thumbprint, escrow } = change;
  const { numUpdatedRows } = await tx
    .updateTable('user_keys')
    .set({
      ...(state && { state, ...(!isUnderWay(state) && { under_way: null }) }),
      ...defined({ user_id: userId, tries, fault, thumbprint, escrow }),
      ...(certificate !== undefined && {
        issuer_id: certificate?.issuerId ?? null,
        serial: certificate?.serial ?? null,
      }),
      ...(dueAt && { due_at: dueAt.getTime() }),
      ...(starts !== undefined && { starts: moment(starts) }),
      ...(ends !== undefined && { ends: moment(ends) }),
      ...(revokedAt !== undefined && { revoked_at: moment(revokedAt) }),
      // One column at least.
      id,
    })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** See UserKeyStore. */
export async function findUserKey(db: Database, id: string): Promise<UserKey | undefined> {
  const row = await db.selectFrom('user_keys').selectAll().where('id', '=', id).executeTakeFirst();
  return row && userKeyFromRow(row);
}

/** See UserKeyStore. */
export async function listUserKeys(db: Database, filter: UserKeyFilter): Promise<UserKey[]> {
  const { tenant, tenants, user, purpose, states, dueBy, endsBefore, after, limit } = filter;
  // PostgreSQL knows no empty list.
  if (tenants?.length === 0) return [];
  let query = db.selectFrom('user_keys').selectAll().orderBy('at').orderBy('id');
  if (tenant !== undefined) query = query.where('tenant', '=', tenant);
  if (tenants) query = query.where('tenant', 'in', tenants);
  if (purpose) query = query.where('purpose', '=', purpose);
  if (user !== undefined) query = query.where('upn_folded', '=', user.toLowerCase());
  if (states) query = query.where('state', 'in', states);
  if (dueBy) query = query.where('due_at', '<=', dueBy.getTime());
  if (endsBefore) query = query.where('ends', '<', endsBefore.getTime());
  if (after)
    query = query.where((is) =>
      is.or([is('at', '>', after.at.getTime()), is.and([is('at', '=', after.at.getTime()), is('id', '>', after.id)])]),
    );
  if (limit !== undefined) query = query.limit(limit);
  return (await query.execute()).map(userKeyFromRow);
}

/** See UserKeyStore. */
export async function removeUserKeys(tx: Database, before: Date): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('user_keys')
    .where('state', 'in', ['failed', 'ended', 'linked'])
    .where('due_at', '<', before.getTime())
    .where('escrow', 'is', null)
    .where((is) => is.or([is('ends', 'is', null), is('ends', '<', before.getTime())]))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

type Row = Selectable<UserKeyTable>;

const date = (value: number | null): Date | undefined => (value === null ? undefined : new Date(value));

/** A row as a key. */
export const userKeyFromRow = (row: Row): UserKey => ({
  id: row.id,
  tenant: row.tenant,
  userPrincipalName: row.upn,
  purpose: row.purpose as PfxPurpose,
  origin: row.origin as UserKey['origin'],
  state: row.state as UserKeyState,
  at: new Date(row.at),
  dueAt: new Date(row.due_at),
  tries: row.tries,
  ...defined({
    userId: row.user_id ?? undefined,
    fault: row.fault ?? undefined,
    certificate: certificateOf(row),
    thumbprint: row.thumbprint ?? undefined,
    starts: date(row.starts),
    ends: date(row.ends),
    revokedAt: date(row.revoked_at),
    renews: row.renews ?? undefined,
    escrow: row.escrow ?? undefined,
  }),
});

const certificateOf = ({ issuer_id: issuerId, serial }: Row): UserKey['certificate'] =>
  issuerId === null || serial === null ? undefined : { issuerId, serial };

/** The functions of a store, over what reads and what writes. */
export const userKeys = (db: Database, write: <T>(work: (tx: Database) => Promise<T>) => Promise<T>): UserKeyStore => ({
  addUserKey: (key, audit) => write((tx) => addUserKey(tx, key, audit)),
  changeUserKey: (id, from, change) => write((tx) => changeUserKey(tx, id, from, change)),
  findUserKey: (id) => findUserKey(db, id),
  listUserKeys: (filter) => listUserKeys(db, filter),
  removeUserKeys: (before) => write((tx) => removeUserKeys(tx, before)),
});
