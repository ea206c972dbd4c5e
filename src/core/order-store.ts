/** Orders at CAs elsewhere whose outcome is not known: recorded before the CA is asked, so that no certificate there is forgotten. */
import type { AuditEntry, OutboxStanding } from './records.ts';

/** An order that is about to be sent. `requestKey`: as in EnrollmentRequest; `publicKeyHash`: as in StoredCertificate. */
export type NewOrder = { requestKey: string; endpoint: string; transactionId: string; publicKeyHash: string; at: Date };

/**
 * `sent`: an answer may still come, or the CA can be asked what became of it. `orphan`: the CA was asked anew, or not again, and may
 * have made a certificate that is recorded nowhere.
 */
export type OrderState = 'sent' | 'orphan';

/** One that was recorded. Ids grow with time. */
export type StoredOrder = NewOrder & { id: number; state: OrderState };

/** An order is added by `recordPending` or here, and ends with the certificate that `recordIssued` records, or here. */
export interface OrderStore {
  /** The same request is sent to its CA once more. */
  addOrder(order: NewOrder): Promise<void>;
  /**
   * Those of the request that are `sent`. `known`: what became of them is known, and they are removed. `orphan`: they stay, and nobody looks
   * for their certificates any more. `before`: only those from before this moment.
   */
  endOrders(requestKey: string, outcome: 'known' | 'orphan', before?: Date): Promise<void>;
  /** How many of the request are `sent`. */
  countSent(requestKey: string): Promise<number>;
  /** Oldest first. `after`: the id of the last one of the page before. */
  listOrders(page: { after?: number; limit: number }): Promise<StoredOrder[]>;
  /** How many there are of each state; those whose answer is awaited now are `sent` too. */
  countOrders(): Promise<Readonly<Record<OrderState, number>>>;
  /** Orphans, and orders from before this moment that are still `sent`. */
  orderStanding(before: Date): Promise<OutboxStanding>;
  /** An administrator has looked for its certificate at the CA. Returns false, and writes nothing, when there is none. */
  removeOrder(id: number, audit: AuditEntry): Promise<boolean>;
  /** Removes those from before this moment. Returns how many it was. */
  removeOrders(before: Date): Promise<number>;
}
