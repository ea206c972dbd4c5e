/**
 * A store in which what can hold a challenge is sealed: CSRs, in requests that wait and in notifications, and `consumes`. So are
 * the secrets that servers share.
 */
import type { Notification } from '../core/notification.ts';
import type { PendingIssuance, StoredTransaction, TransactionKey } from '../core/records.ts';
import type { Issuance, Pending, Store } from '../core/store.ts';
import type { Sealer } from './sealer.ts';

/** Where a secret is, as its sealer is told. */
export const PLACES = {
  csr: (key: TransactionKey): string => `csr of the request ${key}`,
  consumes: (key: TransactionKey): string => `challenge of the request ${key}`,
  notification: ({ endpoint, transactionId }: Pick<Notification, 'endpoint' | 'transactionId'>): string =>
    `csr of a notification of ${endpoint}, transaction ${transactionId}`,
  secret: (name: string): string => `secret ${name}`,
};

/** The same store: what is handed over is sealed, and what is returned is open. */
export function sealedStore(store: Store, sealer: Sealer): Store {
  const { requests, notifications } = changes(sealer);
  return {
    ...store,
    findTransaction: async (key) => opened(await store.findTransaction(key)),
    findRequest: async (request, key) => opened(await store.findRequest(request, key)),
    findPolled: async (key) => opened(await store.findPolled(key)),
    listPending: async () => (await store.listPending()).map(requests.open),
    async recordIssued(issuance) {
      const result = await store.recordIssued(sealedIssuance(issuance));
      return result.kind === 'duplicate' ? { ...result, existing: requests.open(result.existing) } : result;
    },
    async recordPending(pending) {
      const result = await store.recordPending({ ...pending, transaction: requests.seal(pending.transaction) });
      return result.kind === 'duplicate' ? { ...result, existing: requests.open(result.existing) } : result;
    },
    postponeIssuance: (key, issuance, change) =>
      store.postponeIssuance(key, requests.seal({ key, issuance }).issuance, change),
    recordNotification: (notification) => store.recordNotification(notifications.seal(notification)),
    async claimNotifications(claim) {
      const claimed = await store.claimNotifications(claim);
      return claimed.map((each) => ({ ...each, notification: notifications.open(each.notification) }));
    },
    async readSecret(name) {
      const secret = await store.readSecret(name);
      return secret && { ...secret, value: openSecret(sealer, secret.value, name) };
    },
    writeSecret: ({ value, ...secret }) =>
      store.writeSecret({ ...secret, value: sealer.seal(value, PLACES.secret(secret.name)) }),
  };

  function opened(transaction: StoredTransaction | undefined): StoredTransaction | undefined {
    return transaction && requests.open(transaction);
  }

  function sealedIssuance(issuance: Issuance): Issuance {
    const { notification: wanted } = issuance;
    if (!wanted) return issuance;
    return { ...issuance, notification: { ...wanted, notification: notifications.seal(wanted.notification) } };
  }
}

/** Throws where it does not open. None is from before there was a key, so one that is not sealed is not of a server. */
export function openSecret(sealer: Sealer, value: Uint8Array, name: string): Uint8Array {
  if (sealer.sealedBy(value) === 'none') throw new Error(`${PLACES.secret(name)} is not sealed: no server wrote it.`);
  return sealer.open(value, PLACES.secret(name));
}

type Request = Pick<Pending['transaction'], 'key' | 'csr' | 'issuance'>;

/** One request or notification, sealed or opened. */
export function changes(sealer: Sealer) {
  const request =
    (octets: Sealer['seal'], text: (value: string, place: string) => string) =>
    <T extends Request>(given: T): T => ({
      ...given,
      ...(given.csr && { csr: octets(given.csr, PLACES.csr(given.key)) }),
      ...(given.issuance && {
        issuance: issuanceWith(given.issuance, (value) => text(value, PLACES.consumes(given.key))),
      }),
    });
  const notification =
    (octets: Sealer['seal']) =>
    <T extends Notification>(given: T): T => ({ ...given, csr: octets(given.csr, PLACES.notification(given)) });
  return {
    requests: { seal: request(sealer.seal, sealedText(sealer)), open: request(sealer.open, openText(sealer)) },
    notifications: { seal: notification(sealer.seal), open: notification(sealer.open) },
  };
}

const issuanceWith = (issuance: PendingIssuance, change: (consumes: string) => string): PendingIssuance =>
  issuance.consumes === undefined ? issuance : { ...issuance, consumes: change(issuance.consumes) };

/** No challenge begins so: a challenge has no control characters. */
const SEALED = '\u0001sealed:';

const sealedText =
  ({ seal }: Sealer) =>
  (text: string, place: string): string =>
    SEALED + Buffer.from(seal(Buffer.from(text), place)).toString('base64');

const openText =
  ({ open }: Sealer) =>
  (text: string, place: string): string =>
    text.startsWith(SEALED)
      ? Buffer.from(open(Buffer.from(text.slice(SEALED.length), 'base64'), place)).toString()
      : text;
