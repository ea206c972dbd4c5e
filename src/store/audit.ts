/** The history. Entries are added in the transaction of what they report, and never changed but by erased-person.ts. */
import type { Insertable, Selectable } from 'kysely';
import type { AuditEntry, CertificateId, RequestKey, UsedChallenge } from '../core/records.ts';
import { decodeChallenge, encodeChallenge } from './challenges.ts';
import { certificateRow } from './serials.ts';
import { prepared } from './prepared.ts';
import { newId } from './row-ids.ts';
import { together } from './together.ts';
import type { AuditTable, Database } from './tables.ts';

const insert = prepared((db, row: Insertable<AuditTable>) => db.insertInto('audit').values(row));

// SQLite gives the id of the newest entry again after somebody has deleted that one; nothing that is recorded may fail for it.
const wait = prepared((db, row: { id: number }) =>
  db
    .insertInto('audit_unchained')
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
);

/**
 * What an entry is about: the row of a certificate, and the request where it waited; and the challenge that was used up.
 */
export type AuditLinks = { certificate?: number; request?: RequestKey; challenge?: UsedChallenge | undefined };

/** Adds an entry, which waits for its link in the chain from then on. `challenge` of the entry itself is not looked at. */
export async function addAudit(
  tx: Database,
  entry: AuditEntry,
  { certificate, request, challenge }: AuditLinks,
): Promise<void> {
  const { id } = newId(tx);
  const row = {
    at: entry.at.getTime(),
    event: entry.event,
    endpoint: entry.endpoint,
    transaction_id: entry.transactionId,
    serial: entry.serial ?? null,
    detail: entry.detail ?? null,
    certificate_id: certificate ?? null,
    actor: entry.actor.kind,
    actor_name: entry.actor.name ?? null,
    actor_address: entry.actor.address ?? null,
    source: entry.source,
    request: request ?? null,
    challenge: challenge ? encodeChallenge(challenge) : null,
  };
  if (id !== undefined) await together(tx, [() => insert(tx, { id, ...row }), () => wait(tx, { id })]);
  else await wait(tx, { id: Number((await insert(tx, row)).insertId) });
}

/** Newest first. */
export async function listAudit(
  db: Database,
  { certificate, limit }: { certificate?: CertificateId; limit?: number },
): Promise<AuditEntry[]> {
  if (!certificate)
    return (
      await entries(db)
        .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
        .execute()
    ).map(fromRow);
  const id = (await certificateRow(db, certificate)) ?? 0;
  const own = await entries(db).where('audit.certificate_id', '=', id).execute();
  const before = await Promise.all(own.map((row) => beforeIssuance(db, row)));
  return [...own, ...before.flat()]
    .toSorted((a, b) => b.id - a.id)
    .slice(0, limit)
    .map(fromRow);
}

/** Adds an entry that names its certificate, if any, by issuer and serial number: it is in the history of that certificate then. */
export async function addNamedAudit(tx: Database, entry: AuditEntry): Promise<void> {
  const { issuerId, serial } = entry;
  const named = issuerId !== undefined && serial !== undefined;
  const certificate = named ? await certificateRow(tx, { issuerId, serial }) : undefined;
  await addAudit(tx, entry, certificate === undefined ? {} : { certificate });
}

/** All, newest first. */
export const entries = (db: Database) =>
  db
    .selectFrom('audit')
    .leftJoin('serials', 'serials.certificate_id', 'audit.certificate_id')
    .leftJoin('issuers', 'issuers.id', 'serials.issuer')
    .selectAll('audit')
    .select('issuers.issuer_id')
    .orderBy('audit.id', 'desc');

type Row = Selectable<AuditTable> & { issuer_id: string | null };

/** The entries of a request that waited, from before this one of its issuance. */
async function beforeIssuance(db: Database, { id, request }: Row): Promise<Row[]> {
  if (request === null) return [];
  const rows = await entries(db).where('audit.request', '=', request).where('audit.id', '<', id).execute();
  return rows.filter(({ certificate_id }) => certificate_id === null);
}

/** Of a row of `entries`. */
export const fromRow = (row: Row): AuditEntry => ({
  at: new Date(row.at),
  event: row.event,
  endpoint: row.endpoint,
  transactionId: row.transaction_id,
  actor: {
    kind: row.actor,
    ...(row.actor_name === null ? {} : { name: row.actor_name }),
    ...(row.actor_address === null ? {} : { address: row.actor_address }),
  },
  source: row.source,
  ...(row.issuer_id === null ? {} : { issuerId: row.issuer_id }),
  ...(row.serial === null ? {} : { serial: row.serial }),
  ...(row.detail === null ? {} : { detail: row.detail }),
  ...(row.challenge === null ? {} : { challenge: decodeChallenge(row.challenge) }),
});
