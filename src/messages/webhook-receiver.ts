/** Sends messages to a webhook, signed as the requests to the webhook of a policy are (docs/webhook.md). */
import type { Clock } from '../core/environment.ts';
import { type SenderOptions, webhookSender } from '../policy/webhook-sender.ts';
import type { Receiver, Wanted } from './receiver.ts';

/** `name`: as in the configuration. */
export type WebhookReceiverOptions = SenderOptions & Wanted & { name: string; clock: Clock };

/** The version of the form of the messages. */
const VERSION = 1;

/** Any status from 200 to 299 accepts a message. Throws ConfigError for a URL or a secret that cannot be used. */
export function webhookReceiver({ name, kinds, endpoints, clock, ...sending }: WebhookReceiverOptions): Receiver {
  const { host, send } = webhookSender(sending);
  return {
    name: `webhook:${name}`,
    kinds,
    endpoints,
    async send({ kind, ...facts }, signal) {
      const now = clock();
      const body = JSON.stringify({ version: VERSION, event: kind, timestamp: now.toISOString(), ...facts });
      const { status } = await send(body, now, signal);
      if (status < 200 || status > 299) throw new Error(`${host} answered with HTTP ${status}`);
    },
  };
}
