/** Delivers what is due: each message again, with growing pauses, until it is accepted or three days are over. */
import { DAY, HOUR, SECOND } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { MessageStore, StoredMessage } from '../core/message-store.ts';
import type { Receiver } from './receiver.ts';

/** `deadline`: how long one message may take. */
export type DeliveryParts = {
  store: Pick<MessageStore, 'dueMessages' | 'recordDelivery'>;
  receivers: readonly Receiver[];
  clock: Clock;
  deadline: () => AbortSignal;
};

/** Messages that are taken at once; those of one receiver go one after the other, so that they arrive in their order. */
const AT_ONCE = 50;
const FIRST_PAUSE = 30 * SECOND;
const LONGEST_PAUSE = HOUR;
/** How long a message is tried. */
const PATIENCE = 3 * DAY;

/** Until nothing is due. A receiver that fails holds up nothing but its own messages. */
export async function deliverDue(parts: DeliveryParts, signal: AbortSignal): Promise<void> {
  for (let more = true; more && !signal.aborted; ) {
    const due = await parts.store.dueMessages(AT_ONCE);
    const delivered = await Promise.all(parts.receivers.map((each) => deliverTo(each, { due, ...parts }, signal)));
    more = delivered.some((number) => number > 0);
  }
}

async function deliverTo(
  receiver: Receiver,
  { due, store, clock, deadline }: DeliveryParts & { due: readonly StoredMessage[] },
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  let failed = false;
  for (const each of due.filter(({ receiver: name }) => name === receiver.name)) {
    if (signal.aborted) return done;
    // After one that failed the others of this receiver are put off too, without a call for each.
    const error: string | undefined = failed
      ? 'not tried: the message before it was not accepted'
      : await send(receiver, each, deadline());
    failed ||= error !== undefined;
    await store.recordDelivery(each.id, resultOf(each, error, clock()));
    done += 1;
  }
  return done;
}

async function send(
  receiver: Receiver,
  { id, message }: StoredMessage,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await receiver.send({ ...message, messageId: id }, signal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function resultOf({ attempts, createdAt }: StoredMessage, error: string | undefined, now: Date) {
  if (error === undefined) return { state: 'delivered' } as const;
  if (now.getTime() - createdAt.getTime() > PATIENCE) return { state: 'given-up', error } as const;
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempts, 10));
  return { state: 'waiting', dueAt: new Date(now.getTime() + pause), error } as const;
}
