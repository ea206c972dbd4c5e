/** Who gets messages: one shape for webhooks and mail, and which messages each of them wants. */
import { endpointsOf, type Message, type MessageKind } from '../core/operator-message.ts';

/** What a receiver wants. `endpoints`: only what belongs to one of them; all messages when absent. */
export type Wanted = { kinds: readonly MessageKind[]; endpoints?: readonly string[] | undefined };

/** `name` stays the same over restarts. `messageId` is the same when a message is sent again. `send` throws an error whose text has no secret when it was not accepted. */
export type Receiver = Wanted & {
  name: string;
  send(message: Message & { messageId: number }, signal: AbortSignal): Promise<void>;
};

/** Whether it wants this message. A test is for whoever it is sent to. */
export function wants({ kinds, endpoints }: Wanted, message: Message): boolean {
  if (!kinds.includes(message.kind)) return false;
  return endpoints === undefined || endpointsOf(message).some((endpoint) => endpoints.includes(endpoint));
}

/** One row of the outbox for each receiver that wants one of the messages. */
export const addressed = (receivers: readonly Receiver[], messages: readonly Message[]) =>
  messages.flatMap((message) =>
    receivers.filter((each) => wants(each, message)).map(({ name }) => ({ receiver: name, message })),
  );
