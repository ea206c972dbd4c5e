/** Entries of the history as the chain covers them: only what is never changed. */
import type { Selectable } from 'kysely';
import type { ChainedEntry } from '../core/audit-chain.ts';
import { defined } from '../core/defined.ts';
import type { AuditTable, Database } from './tables.ts';

/** Octets as lower-case hexadecimal. */
export const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
/** The octets of hexadecimal text. */
export const ofHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** Those of these ids that exist, in the order of their ids. */
export async function entriesOf(db: Database, ids: readonly number[]): Promise<ChainedEntry[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('audit')
    .leftJoin('certificates', 'certificates.id', 'audit.certificate_id')
    .selectAll('audit')
    .select('certificates.thumbprint_sha256')
    .where('audit.id', 'in', padded(ids))
    .orderBy('audit.id')
    .execute();
  return rows.map(chainedEntry);
}

/** The last one repeated up to a power of two: the text of each statement is kept, and so there are few. */
export const padded = (ids: readonly number[]): number[] =>
  Array.from({ length: 2 ** Math.ceil(Math.log2(ids.length)) }, (_, at) => ids[at] ?? ids.at(-1) ?? 0);

type Row = Selectable<AuditTable> & { thumbprint_sha256: string | null };

const chainedEntry = (row: Row): ChainedEntry => ({
  id: row.id,
  at: row.at,
  event: row.event,
  endpoint: row.endpoint,
  transactionId: row.transaction_id,
  actor: {
    kind: row.actor,
    ...defined({ name: row.actor_name ?? undefined, address: row.actor_address ?? undefined }),
  },
  source: row.source,
  ...defined({
    serial: row.serial ?? undefined,
    certificate: row.thumbprint_sha256 ?? undefined,
    request: row.request ?? undefined,
    detail: row.detail ?? undefined,
    challenge: row.challenge ?? undefined,
  }),
});
