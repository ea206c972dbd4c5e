/** What an administrator does with a store that was restored from a backup. */
import { defined } from '../core/defined.ts';
import type { ChainPlace } from '../core/audit-chain.ts';
import type { Store, VoidedWork } from '../core/store.ts';
import { auditEntry, type Management } from './administrator.ts';

/** The end of what the store knows. `newest`: the certificate that it recorded last. `entry`: when its history ends. */
export type LastKnown = {
  newest?: { serial: string; subject: string; issuedAt: Date };
  entry?: Date;
  chain?: ChainPlace;
};

type Restored = Pick<Store, 'beginAgain' | 'listCertificates' | 'listAudit' | 'chainEnd'>;

/** Voids what must not be gone on with. `from` says which backup, for the history. Returns where the store ended before. */
export async function voidAfterRestore(
  management: Management<Restored>,
  from: string,
): Promise<VoidedWork & { known: LastKnown }> {
  const { store } = management;
  const [certificate] = await store.listCertificates({ limit: 1 });
  const [entry] = await store.listAudit({ limit: 1 });
  const chain = await store.chainEnd();
  const about = { event: 'restored', endpoint: '', transactionId: '', detail: from } as const;
  const voided = await store.beginAgain(auditEntry(management, about));
  const newest = certificate && {
    serial: certificate.serial,
    subject: certificate.subject,
    issuedAt: certificate.issuedAt,
  };
  return { ...voided, known: defined({ newest, entry: entry?.at, chain }) };
}
