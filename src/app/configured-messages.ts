/** The receivers and jobs of `messages` of a configuration. */
import { getCACertificates } from 'node:tls';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/environment.ts';
import type { ServerEvent } from '../core/events.ts';
import type { Store } from '../core/store.ts';
import { every as repeatedly, systemDeadline } from '../embed/system.ts';
import type { Job } from '../jobs/leased-job.ts';
import { mailReceiver } from '../messages/mail-receiver.ts';
import { messagesJob } from '../messages/messages-job.ts';
import { addressed, type Receiver } from '../messages/receiver.ts';
import { refusalSums } from '../messages/refusal-sums.ts';
import { webhookReceiver } from '../messages/webhook-receiver.ts';
import { httpPost } from '../policy/post.ts';

/** `every`: milliseconds between two runs, if not as usual. */
export type MessagesParts = { config: Config; store: Store; clock: Clock; every?: number };

/**
 * `jobs`: none without a receiver. `onEvent` counts what is refused. `end` writes what was counted; call it before the store closes.
 * `close` ends connections.
 */
export type ConfiguredMessages = {
  jobs: readonly Job[];
  onEvent?: (event: ServerEvent) => void;
  end: () => Promise<void>;
  close: () => Promise<void>;
};

const NONE: ConfiguredMessages = {
  jobs: [],
  end: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Sends nothing before its jobs run. */
export function configuredMessages({ config, store, clock, every }: MessagesParts): ConfiguredMessages {
  const { messages } = config;
  const closing: (() => Promise<void>)[] = [];
  const receivers = receiversOf(messages, clock, closing);
  if (receivers.length === 0) return NONE;
  const sums = refusalSums(clock);
  const sumUp = async (): Promise<void> => {
    const message = sums.taken();
    if (message) await store.enqueueMessages(addressed(receivers, [message]));
  };
  // What cannot be written because the store fails is only a sum, and the log has each line.
  const stop = repeatedly(messages.refusedEvery, () => void sumUp().catch(() => undefined));
  const thresholds = messages.expiring;
  const timing = every === undefined ? {} : { every };
  return {
    jobs: [messagesJob({ store, receivers, thresholds, clock, deadline: systemDeadline, ...timing })],
    onEvent: sums.onEvent,
    async end() {
      stop();
      await sumUp().catch(() => undefined);
    },
    close: async () => void (await Promise.all(closing.map((each) => each()))),
  };
}

function receiversOf(
  { webhooks, mail }: Config['messages'],
  clock: Clock,
  closing: (() => Promise<void>)[],
): Receiver[] {
  const hooks = Object.entries(webhooks).map(([name, webhook]) => {
    const { post, close } = httpPost(webhook);
    closing.push(close);
    return webhookReceiver({ ...webhook, name, post, clock });
  });
  if (!mail) return hooks;
  const { trustCa, ...rest } = mail;
  const trust = trustCa === undefined ? undefined : [...getCACertificates('default'), trustCa];
  return [...hooks, mailReceiver({ ...rest, trust })];
}
