/** What an administrator does with notifications that the authorizer has not acknowledged. */
import type { ListedNotification } from '../core/records.ts';
import type { NotificationStore } from '../core/store.ts';
import { auditEntry, type Management } from './administrator.ts';

/** The oldest first. */
export const listNotifications = (
  { store }: { store: Pick<NotificationStore, 'listNotifications'> },
  limit: number,
): Promise<ListedNotification[]> => store.listNotifications({ limit });

/** The server sends them within seconds. Returns how many: not those that it sends at this moment. */
export const retryNotifications = (
  { store }: { store: Pick<NotificationStore, 'retryNotifications'> },
  ids: readonly number[] | 'all',
): Promise<number> => store.retryNotifications(ids);

/**
 * `strict`: not dropped, because the notification decides about its certificate; `changed`: it is done, or was sent in the
 * meantime.
 */
export type DropResult =
  | { kind: 'dropped' | 'strict' | 'changed'; notification: ListedNotification }
  | { kind: 'unknown' };

/** Gives one up: it is not sent again, the certificate stays valid, and the history says who did it. */
export async function dropNotification(
  management: Management<Pick<NotificationStore, 'listNotifications' | 'abandonNotification'>>,
  id: number,
): Promise<DropResult> {
  const [notification] = await management.store.listNotifications({ id, limit: 1 });
  if (!notification) return { kind: 'unknown' };
  if (notification.mode === 'strict') return { kind: 'strict', notification };
  const { endpoint, transactionId, certificate } = notification;
  const detail = `dropped after ${notification.attempts} attempts`;
  const event = { event: 'notification-abandoned', endpoint, transactionId, ...certificate, detail } as const;
  const dropped = await management.store.abandonNotification(notification, auditEntry(management, event));
  return { kind: dropped ? 'dropped' : 'changed', notification };
}
