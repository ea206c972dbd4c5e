/** What an operator does with the messages to people and programs: see them, send them again, send a test. */
import type { MessageStore, StoredMessage } from '../core/message-store.ts';
import type { AuditEntry } from '../core/records.ts';
import type { AuditStore } from '../core/store.ts';
import { auditEntry, type Management } from './administrator.ts';

type Outbox = Management<MessageStore & Pick<AuditStore, 'addEntry'>>;

/** Adds a test for this receiver, which a server sends within seconds. Returns its id. */
export async function sendTest(management: Outbox, receiver: string): Promise<number> {
  const { store, clock, actor } = management;
  const message = { kind: 'test', at: clock().toISOString(), by: actor.name } as const;
  await store.enqueueMessages([{ receiver, message }]);
  const [added] = await store.listMessages({ receiver, kind: 'test', limit: 1 });
  if (!added) throw new Error('The store did not keep the test.');
  await store.addEntry(entryOf(management, 'message-tested', receiver));
  return added.id;
}

/** Makes messages due that wait or were given up. Returns how many. */
export async function retryNow(management: Outbox, ids: readonly number[] | 'all'): Promise<number> {
  const due = await management.store.retryMessages(ids);
  const which = ids === 'all' ? 'all' : ids.join(', ');
  if (due > 0) await management.store.addEntry(entryOf(management, 'messages-retried', `${due} of ${which}`));
  return due;
}

const entryOf = (management: Outbox, event: 'message-tested' | 'messages-retried', detail: string): AuditEntry =>
  auditEntry(management, { event, endpoint: '', transactionId: '', detail });

/** What became of it until now; undefined when a server has removed it, because it has no receiver of this name. */
export async function messageOf(
  { store }: { store: Pick<MessageStore, 'listMessages'> },
  id: number,
): Promise<StoredMessage | undefined> {
  const [found] = await store.listMessages({ before: id + 1, limit: 1 });
  return found?.id === id ? found : undefined;
}
