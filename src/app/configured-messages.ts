/** The receivers and jobs of `messages` of a configuration. */
import { getCACertificates } from 'node:tls';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { configuredSyslog } from './configured-syslog.ts';
import type { ConfiguredMessages } from './message-services.ts';
import { toldBoth } from './tracing.ts';
import { every as repeatedly, systemDeadline } from '../embed/system.ts';
import { mailReceiver } from '../messages/mail-receiver.ts';
import { messagesJob } from '../messages/messages-job.ts';
import { addressed, type Receiver } from '../messages/receiver.ts';
import { refusalSums } from '../messages/refusal-sums.ts';
import { webhookReceiver } from '../messages/webhook-receiver.ts';
import { httpPost } from '../policy/post.ts';

/** `every`: milliseconds between two runs, if not as usual. */
export type MessagesParts = { config: Config; store: Store; clock: Clock; every?: number };

const NONE: ConfiguredMessages = {
  jobs: [],
  end: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Sends nothing before its jobs run. Throws ConfigError when a file cannot be read. */
export function configuredMessages(parts: MessagesParts): ConfiguredMessages {
  const { syslog } = parts.config.messages;
  const [told, logged] = [toldMessages(parts), configuredSyslog({ ...parts, syslog })];
  if (!logged) return told;
  const onEvent = toldBoth(told.onEvent, logged.onEvent);
  return {
    jobs: [...told.jobs, ...logged.jobs],
    ...(onEvent && { onEvent }),
    end: async () => void (await Promise.all([told.end(), logged.end()])),
    close: told.close,
  };
}

function toldMessages({ config, store, clock, every }: MessagesParts): ConfiguredMessages {
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

/** Their names, in the order of the configuration. */
export const receiverNames = ({ webhooks, mail }: Config['messages']): string[] => [
  ...Object.keys(webhooks).map((name) => `webhook:${name}`),
  ...(mail ? ['mail'] : []),
];

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
