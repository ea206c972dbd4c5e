/** The store between the two servers: revocations, passwords, and what takes a year or a crash. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { clock, FOLDER } from '../wiring/files.ts';

export const STORE = join(FOLDER, 'authorisation.db');

/** A password of `oneTime`. `subject`: it is bound to this one. */
export type Password = { endpoint: string; text: string; expired?: true; subject?: string };

/** The rows of a query, also while a server has the store open. */
export function rows(query: string): unknown[][] {
  const database = new DatabaseSync(STORE, { readOnly: true });
  try {
    return database
      .prepare(query)
      .all()
      .map((row) => Object.values(row));
  } finally {
    database.close();
  }
}

const HOUR = 3_600_000;

/** Revocations and passwords as the commands make them. */
export async function prepare(passwords: readonly Password[]): Promise<void> {
  const store = await openSqliteStore({ path: STORE, clock });
  for (const certificate of await store.listCertificates({ limit: 100_000 })) {
    const { transactionId } = certificate;
    if (transactionId.startsWith('revoked-')) await revoke(store, certificate, 'superseded');
    if (transactionId.startsWith('compromised-')) await revoke(store, certificate, 'keyCompromise');
  }
  const now = clock().getTime();
  for (const { endpoint, text, expired, subject } of passwords) {
    const createdAt = new Date(expired ? now - 2 * HOUR : now);
    const challenge = {
      endpoint: `/${endpoint}`,
      password: text,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + HOUR),
    };
    const binding = subject === undefined ? {} : { binding: { subject, san: [] } };
    if (!(await store.addChallenge({ ...challenge, ...binding }, 100_000))) throw new Error('too many passwords');
  }
  await store.close();
  change();
}

type Certificate = Awaited<ReturnType<Store['listCertificates']>>[number];

async function revoke(store: Store, certificate: Certificate, reason: 'superseded' | 'keyCompromise'): Promise<void> {
  const { issuerId, serial, endpoint, transactionId } = certificate;
  await store.revoke(certificate, reason, {
    at: clock(),
    event: 'revoked',
    endpoint,
    transactionId,
    issuerId,
    serial,
    actor: { kind: 'person', name: 'ada' },
    source: 'cli',
  });
}

/** What takes a year, or a crash, is written into the store. */
function change(): void {
  const database = new DatabaseSync(STORE);
  database.exec(
    `update certificates set not_before = ${Date.now() - 48 * HOUR}, not_after = ${Date.now() - HOUR} where transaction_id like 'expired-%';
     update certificates set state = 'issued', delivered_at = null where transaction_id like 'never-delivered-%'`,
  );
  database.close();
}
