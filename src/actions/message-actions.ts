/** Messages by webhook and mail: their delivery, sending them again, and a test. */
import { z } from 'zod';
import { MESSAGE_KINDS } from '../core/operator-message.ts';
import type { StoredMessage } from '../core/message-store.ts';
import { retryNow, sendTest } from '../manage/message-outbox.ts';
import { action, type Running } from './action.ts';
import { ActionError } from './action-error.ts';
import { byCaller } from './told-revocations.ts';

/** Messages in one answer. */
const PAGE = 100;

const ID = z.coerce.number().int().positive();

const message = z.object({
  id: z.number(),
  receiver: z.string(),
  kind: z.enum(MESSAGE_KINDS),
  state: z.enum(['waiting', 'delivered', 'given-up']),
  createdAt: z.iso.datetime(),
  attempts: z.number(),
  dueAt: z.iso.datetime(),
  doneAt: z.iso.datetime().optional(),
  lastError: z.string().optional(),
});

/** Messages are about all endpoints: who is limited to some of them sees none. */
export const MESSAGE_ACTIONS = [
  action({
    name: 'messages.list',
    about: 'The messages to webhooks and mail addresses, newest first: whether each was delivered, and the last error.',
    permission: 'view',
    route: 'GET /messages',
    input: z.object({ before: ID.optional() }),
    output: z.object({ messages: z.array(message), next: z.number().optional().describe('`before` of the next page') }),
    run: async (running) => {
      assertEverywhere(running);
      const { before } = running.input;
      const all = await running.desk.store.listMessages({ limit: PAGE, ...(before !== undefined && { before }) });
      const last = all.length === PAGE ? all.at(-1) : undefined;
      return { messages: all.map(shown), ...(last && { next: last.id }) };
    },
  }),
  action({
    name: 'messages.retry',
    about: 'Makes messages due that wait or were given up: one, or all without an id.',
    permission: 'operate',
    route: 'POST /messages/retry',
    input: z.object({ id: ID.optional() }),
    output: z.object({ due: z.number() }),
    run: async (running) => {
      assertEverywhere(running);
      const { id } = running.input;
      return { due: await retryNow(byCaller(running), id === undefined ? 'all' : [id]) };
    },
  }),
  action({
    name: 'messages.test',
    about:
      'Sends a test to a receiver within seconds: `mail`, or `webhook:NAME`. The list of messages shows what became of it.',
    permission: 'operate',
    route: 'POST /messages/test',
    input: z.object({ receiver: z.string().min(1).max(200) }),
    output: z.object({ id: z.number() }),
    run: async (running) => {
      assertEverywhere(running);
      const { receiver } = running.input;
      assertReceiver(running, receiver);
      return { id: await sendTest(byCaller(running), receiver) };
    },
  }),
] as const;

function assertEverywhere({ reach }: Running<unknown>): void {
  if (!reach.everywhere)
    throw new ActionError('forbidden', 'messages are about all endpoints, and your role is limited to some');
}

function assertReceiver({ desk: { receivers = [] } }: Running<unknown>, receiver: string): void {
  if (receivers.includes(receiver)) return;
  throw new ActionError(
    'not_found',
    `no receiver is called ${receiver}`,
    receivers.length > 0
      ? `The receivers of this configuration: ${receivers.join(', ')}.`
      : 'This configuration has none: see `messages` in docs/configuration.md.',
  );
}

const shown = ({ message: { kind }, createdAt, dueAt, doneAt, ...rest }: StoredMessage) => ({
  ...rest,
  kind,
  createdAt: createdAt.toISOString(),
  dueAt: dueAt.toISOString(),
  ...(doneAt && { doneAt: doneAt.toISOString() }),
});
