/** A store whose leases say which server holds them, because the leases of a server end when it is lost. */
import type { WorkLease } from '../core/records.ts';
import type { Issuance, Store } from '../core/store.ts';

/** A pattern for LIKE: every owner of this server, which is a UUID. */
export const ownersOf = (server: string): string => `${server}/%`;

/** The same store: the owner of each lease begins with the id of the server. */
export function ownedStore(store: Store, server: string): Store {
  const owned = <T extends Pick<WorkLease, 'owner'>>(lease: T): T => ({ ...lease, owner: `${server}/${lease.owner}` });
  const ownedIssuance = (issuance: Issuance): Issuance => {
    const { notification } = issuance;
    if (!notification?.lease) return issuance;
    return { ...issuance, notification: { ...notification, lease: owned(notification.lease) } };
  };
  return {
    ...store,
    recordIssued: (issuance) => store.recordIssued(ownedIssuance(issuance)),
    claimNotifications: (claim) => store.claimNotifications(owned(claim)),
    claimRevocations: (claim) => store.claimRevocations(owned(claim)),
    claimJob: (job) => store.claimJob(owned(job)),
    renewJob: (job) => store.renewJob(owned(job)),
    finishJob: (job) => store.finishJob(owned(job)),
  };
}
