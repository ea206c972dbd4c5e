/** The one HTTPS client of the server: bounded in time and size, no redirects, its own trust anchors and proxy. */
import { createSecureContext, getCACertificates } from 'node:tls';
import { Agent, type Dispatcher, Pool, ProxyAgent, request } from 'undici';
import { within } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { NETWORK_REMEDY, networkFault } from './network-errors.ts';

/** How services are reached. */
export type OutboundOptions = {
  /** PEM of a CA to trust beside the public ones. */
  trustCa?: string | undefined;
  /** URL of an HTTP proxy, with credentials if it needs them. */
  proxy?: string | undefined;
  /** Time limit of one exchange, milliseconds. */
  timeoutMs: number;
};

/** One request. */
export type OutboundRequest = {
  method: 'GET' | 'POST';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** Longest body of a reply that is read, octets. */
  limit: number;
};

type Call = Omit<OutboundRequest, 'limit'>;

/** A whole reply of any status, a redirect included: it is never followed. Header names are in lower case. */
export type OutboundReply = { status: number; headers: Readonly<Record<string, string>>; text: string };

/** Throws NoReply when there is no whole reply, and the signal's reason when the caller aborts. */
export type OutboundExchange = (request: OutboundRequest, signal: AbortSignal) => Promise<OutboundReply>;

/** The status of a reply of any status, as soon as it has begun: its body is not read. Throws as OutboundExchange. */
export type OutboundStatus = (request: Call, signal: AbortSignal) => Promise<number>;

/** The fields of NoReply; documented there. */
type NoReplyDetails = { remedy: string; retryable: boolean; status?: number; cause?: unknown };

/** No whole reply came. The message names the host only: nothing else of the URL, and nothing that was sent. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
  /** What an administrator can do. */
  readonly remedy: string;
  /** Whether the same request may succeed a moment later. */
  readonly retryable: boolean;
  /** The HTTP status, when a reply had begun. */
  readonly status: number | undefined;

  constructor(message: string, { remedy, retryable, status, cause }: NoReplyDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.remedy = remedy;
    this.retryable = retryable;
    this.status = status;
  }
}

/**
 * A client with connections of its own; `close` ends them. The environment (`HTTPS_PROXY` and the like) is not read.
 * Throws ConfigError for a proxy that is not an http or https URL.
 */
export function httpsClient({ trustCa, proxy, timeoutMs }: OutboundOptions): {
  exchange: OutboundExchange;
  status: OutboundStatus;
  close: () => Promise<void>;
} {
  const tls = { ...VERIFIED, timeout: timeoutMs, ...(trustCa !== undefined && { secureContext: trusting(trustCa) }) };
  if (proxy !== undefined) assertProxy(proxy);
  const dispatcher: Dispatcher =
    proxy === undefined
      ? new Agent({ connect: tls })
      : new ProxyAgent({
          uri: proxy,
          requestTls: tls,
          proxyTls: tls,
          // Otherwise a proxy that does not answer CONNECT has five minutes.
          clientFactory: (url, options) => new Pool(url, { ...options, headersTimeout: timeoutMs }),
        });
  const inTime =
    <C extends { url: string }, T>(work: (call: C, dispatcher: Dispatcher, signal: AbortSignal) => Promise<T>) =>
    async (call: C, signal: AbortSignal): Promise<T> => {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const either = AbortSignal.any([signal, timeout]);
        // undici observes the signal only when it has a connection.
        return await within(() => work(call, dispatcher, either), either);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof NoReply) throw cause;
        throw timeout.aborted ? timeoutError(call, timeoutMs) : networkError(call, cause, proxy);
      }
    };
  return { exchange: inTime(send), status: inTime(statusOf), close: () => dispatcher.destroy() };
}

/**
 * Written out, because Node.js takes its defaults from the environment: `NODE_TLS_REJECT_UNAUTHORIZED=0` switches the
 * check of certificates off, and `NODE_OPTIONS=--tls-min-v1.0` allows TLS 1.0.
 */
export const VERIFIED = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/** Made once for a client: with the option `ca`, each connection would parse all public certificates again. */
const trusting = (trustCa: string) =>
  createSecureContext({ ca: [...getCACertificates('default'), trustCa], minVersion: VERIFIED.minVersion });

/** Throws ConfigError for a proxy that is not an http or https URL, or whose credentials are not written as in a URL. */
export function assertProxy(proxy: string): void {
  // The URL is not quoted: it may contain a password.
  const url = URL.parse(proxy);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new ConfigError('proxy: not an http or https URL', 'Write it as http://host:port.');
  if (url.pathname !== '/' || url.search || url.hash || !isDecodable(url.username) || !isDecodable(url.password))
    throw new ConfigError(
      'proxy: the user or the password has characters that a URL does not allow',
      'Write % as %25, / as %2F, ? as %3F, # as %23, @ as %40 and : as %3A.',
    );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    // Expected: a percent sign without two hexadecimal digits after it.
    return false;
  }
}

const begin = ({ url, method, headers, body }: Call, dispatcher: Dispatcher, signal: AbortSignal) =>
  request(url, { dispatcher, method, headers, body: body ?? null, signal });

async function statusOf(call: Call, dispatcher: Dispatcher, signal: AbortSignal): Promise<number> {
  const { statusCode, body } = await begin(call, dispatcher, signal);
  // The end of the connection is reported as an error of the body.
  body.on('error', () => undefined).destroy();
  return statusCode;
}

async function send(call: OutboundRequest, dispatcher: Dispatcher, signal: AbortSignal): Promise<OutboundReply> {
  const reply = await begin(call, dispatcher, signal);
  const text = await readText(call, reply.statusCode, reply.body);
  return { status: reply.statusCode, headers: singleHeaders(reply.headers), text };
}

async function readText(call: OutboundRequest, status: number, body: AsyncIterable<Uint8Array>): Promise<string> {
  const octets = await readOctets(body, call.limit);
  if (!octets) throw oversized(call, status);
  return octets.toString('utf8');
}

/** Undefined when there are more than `limit` octets. */
export async function readOctets(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const singleHeaders = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));

const hostOf = ({ url }: { url: string }): string => new URL(url).host;

const timeoutError = (call: { url: string }, ms: number): NoReply =>
  new NoReply(`${hostOf(call)} gave no answer within ${ms} ms`, { remedy: NETWORK_REMEDY, retryable: true });

const oversized = (call: OutboundRequest, status: number): NoReply =>
  new NoReply(`${hostOf(call)} answered with more than ${call.limit} octets`, {
    remedy: 'Look for a proxy that answers in place of the service.',
    retryable: false,
    status,
  });

function networkError(call: { url: string }, cause: unknown, proxy: string | undefined): NoReply {
  const { code, ...fault } = networkFault(cause, proxy && new URL(proxy).host);
  return new NoReply(`${hostOf(call)} could not be reached: ${code}`, { ...fault, cause });
}
