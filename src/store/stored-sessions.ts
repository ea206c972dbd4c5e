/** Sessions, and the codes of second factors that were used. */
import type { Selectable } from 'kysely';
import type { AuditEntry } from '../core/records.ts';
import type { EndedSessions, StoredSession } from '../core/session-store.ts';
import { addAudit } from './audit.ts';
import type { Database, SessionTable } from './tables.ts';

/** Records one with its line of history, and removes those that have ended. */
export async function addSession(
  tx: Database,
  { id, method, name, basis, startedAt, seenAt }: StoredSession,
  { audit, ended }: { audit: AuditEntry; ended: EndedSessions },
): Promise<void> {
  await tx
    .deleteFrom('sessions')
    .where((is) => is.or([is('started_at', '<', ended.started.getTime()), is('seen_at', '<', ended.seen.getTime())]))
    .execute();
  await tx
    .insertInto('sessions')
    .values({
      id,
      method,
      name,
      basis: JSON.stringify(basis),
      started_at: startedAt.getTime(),
      seen_at: seenAt.getTime(),
    })
    .execute();
  await addAudit(tx, audit, {});
}

/** Also one that has ended and was not removed yet. */
export async function findSession(db: Database, id: string): Promise<StoredSession | undefined> {
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

const fromRow = ({ started_at, seen_at, basis, ...row }: Selectable<SessionTable>): StoredSession => ({
  ...row,
  basis: JSON.parse(basis) as string[],
  startedAt: new Date(started_at),
  seenAt: new Date(seen_at),
});

/** A request came at this moment. */
export const seeSession = async (tx: Database, id: string, at: Date): Promise<void> =>
  void (await tx.updateTable('sessions').set({ seen_at: at.getTime() }).where('id', '=', id).execute());

/** Returns false, and writes nothing, when there is no such session. */
export async function endSession(tx: Database, id: string, audit: AuditEntry): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('sessions').where('id', '=', id).executeTakeFirst();
  if (!numDeletedRows) return false;
  await addAudit(tx, audit, {});
  return true;
}

/** Returns false, and writes nothing, when the user has used the code of that step or of a later one. */
export async function useLoginCode(tx: Database, user: string, step: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('login_codes')
    .values({ user_name: user, step })
    .onConflict((conflict) => conflict.column('user_name').doUpdateSet({ step }).where('login_codes.step', '<', step))
    .executeTakeFirst();
  return Boolean(numInsertedOrUpdatedRows);
}
