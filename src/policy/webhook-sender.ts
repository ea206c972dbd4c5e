/** Signs a message to the webhook, with our signature and, if configured, step-ca's, and sends it. */
import { createHmac } from 'node:crypto';
import { ConfigError } from '../core/errors.ts';
import type { Post, PostReply } from './post.ts';

/** The service, and the secret with which it authenticates our messages. */
export type SenderOptions = {
  /** `https`, or `http` on loopback. */
  url: string;
  /** Key of both signatures: the text itself for ours, the decoded base64 for step-ca's. */
  secret: string;
  /** The ID that step-ca gave the webhook. With it, requests have step-ca's headers too. */
  stepCaId?: string | undefined;
  /** Allows plain HTTP to other machines. Anyone on the path can then read challenges and requests. */
  allowHttp?: boolean;
  post: Post;
};

/** Throws ConfigError for a URL or a secret that cannot be used. Sends nothing. */
export function assertSendable(options: Omit<SenderOptions, 'post'>): void {
  hostOf(options);
  stepCaHeaders(options);
}

/** `host` is for messages; the rest of the URL may contain a password. Throws ConfigError as `assertSendable` does. */
export function webhookSender(options: SenderOptions): {
  host: string;
  send: (body: string, now: Date, signal: AbortSignal) => Promise<PostReply>;
} {
  const { url, secret, post } = options;
  const host = hostOf(options);
  const stepCa = stepCaHeaders(options);
  return {
    host,
    send: (body, now, signal) =>
      post(url, { ...HEADERS, ...ownSignature(secret, body, now), ...stepCa(body) }, body, signal),
  };
}

const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/** `t` is the time in Unix seconds, `v1` the HMAC-SHA256 of `t.body`. The time prevents replays of old requests. */
function ownSignature(secret: string, body: string, now: Date): Record<string, string> {
  const seconds = Math.floor(now.getTime() / 1000);
  return { 'openndes-signature': `t=${seconds},v1=${hmac(Buffer.from(secret), `${seconds}.${body}`)}` };
}

/** The headers with which services written for step-ca identify and authenticate the webhook. */
function stepCaHeaders({ secret, stepCaId }: Omit<SenderOptions, 'post'>): (body: string) => Record<string, string> {
  if (stepCaId === undefined) return () => ({});
  const key = Buffer.from(secret, 'base64');
  if (key.toString('base64') !== secret)
    throw new ConfigError('webhook: the secret is not base64', 'Give it as step-ca printed it with the ID.');
  return (body) => ({ 'x-smallstep-webhook-id': stepCaId, 'x-smallstep-signature': hmac(key, body) });
}

const hmac = (key: Uint8Array, text: string): string => createHmac('sha256', key).update(text).digest('hex');

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const SHORTEST_SECRET = 16;

function hostOf({ url, secret, allowHttp = false }: Omit<SenderOptions, 'post'>): string {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.password !== '')
    throw new ConfigError('webhook: not an http or https URL without credentials', 'Write it as https://HOST/PATH.');
  if (parsed.protocol === 'http:' && !allowHttp && !LOOPBACK.test(parsed.hostname))
    throw new ConfigError(
      `webhook: plain HTTP to ${parsed.host}, so challenges could be read on the network`,
      'Use https, or set `allowHttp: true` where the network is protected in another way.',
    );
  if (secret.length < SHORTEST_SECRET)
    throw new ConfigError(
      `webhook: a secret of fewer than ${SHORTEST_SECRET} characters can be guessed`,
      'Give a long random one, for example from `openssl rand -base64 32`.',
    );
  return parsed.host;
}
