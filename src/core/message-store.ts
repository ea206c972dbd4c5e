/** Messages that are to be delivered, and the history of those that were. */
import type { Message, MessageKind } from './operator-message.ts';

/** One message to one receiver: `webhook:` and its name, or `mail`. */
export type NewMessage = { receiver: string; message: Message };

/** `waiting`: it is sent when it is due, and again until it is accepted. `given-up`: it was not accepted in time. */
export type MessageState = 'waiting' | 'delivered' | 'given-up';

/** A message in the store. `doneAt`: when it was delivered or given up. `lastError`: of the last attempt, without a secret. */
export type StoredMessage = NewMessage & {
  id: number;
  state: MessageState;
  createdAt: Date;
  attempts: number;
  dueAt: Date;
  doneAt?: Date;
  lastError?: string;
};

/** How one attempt to deliver ended. */
export type DeliveryResult =
  | { state: 'delivered' }
  | { state: 'waiting'; dueAt: Date; error: string }
  | { state: 'given-up'; error: string };

/** Which messages to list, newest first: below the id `before`. */
export type MessageFilter = {
  receiver?: string;
  state?: MessageState;
  kind?: MessageKind;
  before?: number;
  limit: number;
};

/** How many messages wait for a receiver, and since when the oldest one does. */
export type ReceiverStanding = { receiver: string; waiting: number; oldest: Date };

/** The outbox of messages. All times are by the clock of the store. */
export interface MessageStore {
  /**
   * Adds them, due at once. `place`: how far a source has been read, written in the same transaction, so that nothing is said
   * twice and nothing is left out.
   */
  enqueueMessages(messages: readonly NewMessage[], place?: { source: string; value: string }): Promise<void>;
  /** Undefined before the first one. */
  messagePlace(source: string): Promise<string | undefined>;
  /** Those that wait and are due, in the order in which they came. */
  dueMessages(limit: number): Promise<StoredMessage[]>;
  /** Returns false when it does not wait any more. */
  recordDelivery(id: number, result: DeliveryResult): Promise<boolean>;
  listMessages(filter: MessageFilter): Promise<StoredMessage[]>;
  /** Makes those due that wait or were given up. Returns how many. */
  retryMessages(ids: readonly number[] | 'all'): Promise<number>;
  /** Removes those that were done before this moment, and those that wait for a receiver that is none of these. */
  removeMessages(before: Date, receivers: readonly string[]): Promise<number>;
  /** One for each receiver for which a message waits. */
  messageStandings(): Promise<ReceiverStanding[]>;
}
