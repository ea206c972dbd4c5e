/** Actions that wait for a second person. */
import type { Selectable } from 'kysely';
import type { RoleGrant } from '../core/access.ts';
import type { StoredProposal } from '../core/proposal-store.ts';
import type { AuditActor, AuditEntry, AuditSource } from '../core/records.ts';
import { addAudit } from './audit.ts';
import type { Database, ProposalTable } from './tables.ts';

/** Records one with its line of history, and removes those that have expired. */
export async function addProposal(tx: Database, proposal: StoredProposal, audit: AuditEntry): Promise<void> {
  const { id, action, input, by, source, grants, at, until } = proposal;
  await tx.deleteFrom('proposals').where('until', '<=', at.getTime()).execute();
  await tx
    .insertInto('proposals')
    .values({
      id,
      action,
      input: JSON.stringify(input),
      actor: JSON.stringify(by),
      source,
      grants: JSON.stringify(grants),
      at: at.getTime(),
      until: until.getTime(),
    })
    .execute();
  await addAudit(tx, audit, {});
}

/** Oldest first; none that has expired. */
export const listProposals = async (db: Database, at: Date): Promise<StoredProposal[]> =>
  (
    await db.selectFrom('proposals').selectAll().where('until', '>', at.getTime()).orderBy('at').orderBy('id').execute()
  ).map(fromRow);

/** Undefined for one that was taken. */
export async function findProposal(db: Database, id: string): Promise<StoredProposal | undefined> {
  const row = await db.selectFrom('proposals').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

/** Returns false, and writes nothing, when somebody else has taken it. */
export async function takeProposal(tx: Database, id: string, audit: AuditEntry): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('proposals').where('id', '=', id).executeTakeFirst();
  if (!numDeletedRows) return false;
  await addAudit(tx, audit, {});
  return true;
}

const fromRow = ({
  id,
  action,
  input,
  actor,
  source,
  grants,
  at,
  until,
}: Selectable<ProposalTable>): StoredProposal => ({
  id,
  action,
  input: JSON.parse(input) as unknown,
  by: JSON.parse(actor) as AuditActor,
  source: source as AuditSource,
  grants: JSON.parse(grants) as RoleGrant[],
  at: new Date(at),
  until: new Date(until),
});
