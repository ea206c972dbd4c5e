/** How each table is copied into another database: one list, in which no table of the schema may be missing. */
import { type RowChange, sealedNotifications, sealedTransactions } from './sealed-rows.ts';
import type { Sealer } from './sealer.ts';
import type { Tables } from './tables.ts';

/** `key`: its primary key. `sealed`: for a table with secrets. */
export type Copied = {
  key: readonly string[];
  sealed?: (sealer: Sealer) => { seal: RowChange; open: RowChange };
};
/** Why a table is not copied. */
export type Left = { left: string };

/** In this order, because the later ones refer to the earlier ones. */
export const MOVED = {
  issuers: { key: ['id'] },
  certificates: { key: ['id'] },
  // In SQLite a view of the certificates.
  serials: { key: ['certificate_id'] },
  names: { key: ['kind', 'value', 'certificate_id'] },
  revocations: { key: ['certificate_id'] },
  compromised_keys: { key: ['public_key_hash'] },
  endpoint_names: { key: ['name'] },
  transactions: { key: ['id'], sealed: sealedTransactions },
  challenges: { key: ['mark'] },
  consumed_challenges: { key: ['id'] },
  notifications: { key: ['id'], sealed: sealedNotifications },
  revocation_lists: { key: ['issuer_id'] },
  revocation_shards: { key: ['issuer_id'] },
  revocation_revisions: { key: ['issuer', 'crl_shard'] },
  last_signing: { key: ['id'] },
  last_backup: { left: 'of the file that was copied' },
  owed_revocations: { key: ['id'] },
  revocation_requests: { key: ['id'] },
  revocation_downloads: { key: ['tenant'] },
  jobs: { key: ['name'] },
  blocks: { key: ['name'] },
  kept_answers: { key: ['key'] },
  orders: { key: ['id'] },
  directory_standings: { key: ['tenant'] },
  directory_objects: { key: ['tenant', 'kind', 'id'] },
  directory_revocations: { key: ['tenant', 'issuer_id', 'serial'] },
  audit: { key: ['id'] },
  audit_unchained: { key: ['id'] },
  audit_chain: { key: ['number'] },
  audit_heads: { key: ['kind', 'number'] },
  attempts: { key: ['id'] },
  hour_counts: { key: ['hour', 'endpoint', 'outcome'] },
  attempt_names: { key: ['value', 'attempt'] },
  messages: { key: ['id'] },
  message_places: { key: ['source'] },
  user_keys: { key: ['id'] },
  user_key_notes: { key: ['tenant', 'name'] },
  key_links: { key: ['mark'] },
  conditions: { left: 'written by each server while it runs' },
  condition_looks: { left: 'written by each server while it runs' },
  login_codes: { key: ['user_name'] },
  proposals: { key: ['id'] },
  sessions: { left: 'people log in again' },
  servers: { left: 'written by each server while it runs' },
  secrets: { left: 'sealed with the key of its own database' },
  write_check: { left: 'a test of the disk' },
  schema_version: { left: 'made by the migrations' },
} as const satisfies { [T in keyof Tables]: { key: readonly (keyof Tables[T])[]; sealed?: Copied['sealed'] } | Left };

/** One table of the list that is copied. */
export type CopiedTable = Copied & { table: string };

const ALL: readonly [string, Copied | Left][] = Object.entries(MOVED);

/** Those that are copied. */
export const COPIED: readonly CopiedTable[] = ALL.flatMap(([table, row]) => ('key' in row ? [{ table, ...row }] : []));
