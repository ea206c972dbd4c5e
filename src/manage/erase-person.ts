/** What an administrator does with the records of one person. */
import type { AuditChainStore } from '../core/audit-chain.ts';
import type { RandomBytes } from '../core/environment.ts';
import type { PersonErasure, PersonStore } from '../core/person.ts';
import { auditEntry, type Management } from './administrator.ts';

type Erasing = Management<PersonStore & Pick<AuditChainStore, 'chainAudit'>>;

/** Entries that get their link together. */
const LINKS = 500;

/** What would be erased now. Links the history first: an entry without a link is not erased. */
export async function erasurePreview({ store, clock }: Erasing, name: string, random: RandomBytes) {
  await linkHistory(store, random);
  return store.previewErasure(name, clock());
}

/** The entry that says so does not name the person. It is linked at once, so that verification finds nothing wrong. */
export async function erasePerson(management: Erasing, name: string, random: RandomBytes): Promise<PersonErasure> {
  const { store } = management;
  const audit = auditEntry(management, { event: 'erased', endpoint: '', transactionId: '' });
  const erasure = await store.erasePerson(name, audit);
  await linkHistory(store, random);
  return erasure;
}

async function linkHistory(store: Pick<AuditChainStore, 'chainAudit'>, random: RandomBytes): Promise<void> {
  while (await store.chainAudit({ limit: LINKS, random }));
}
