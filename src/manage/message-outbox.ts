/** What an operator does with the messages to people and programs: see them, send them again, send a test. */
import type { MessageStore, StoredMessage } from '../core/message-store.ts';
import type { Management } from './administrator.ts';

/** Adds a test for this receiver, which a server sends within seconds. Returns its id. */
export async function sendTest(
  { store, clock, actor }: Management<Pick<MessageStore, 'enqueueMessages' | 'listMessages'>>,
  receiver: string,
): Promise<number> {
  const message = { kind: 'test', at: clock().toISOString(), by: actor.name } as const;
  await store.enqueueMessages([{ receiver, message }]);
  const [added] = await store.listMessages({ receiver, kind: 'test', limit: 1 });
  if (!added) throw new Error('The store did not keep the test.');
  return added.id;
}

/** What became of it until now; undefined when a server has removed it, because it has no receiver of this name. */
export async function messageOf(
  { store }: { store: Pick<MessageStore, 'listMessages'> },
  id: number,
): Promise<StoredMessage | undefined> {
  const [found] = await store.listMessages({ before: id + 1, limit: 1 });
  return found?.id === id ? found : undefined;
}
