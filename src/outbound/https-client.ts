/** The one HTTPS client of the server: bounded in time and size, no redirects, its own trust anchors and proxy. */
import { Agent, type Dispatcher, Pool, ProxyAgent, request } from 'undici';
import { within } from '../core/ask.ts';
import { ConfigError } from '../core/errors.ts';
import { NETWORK_REMEDY, networkFault } from './network-errors.ts';
import { noting, type Progress } from './request-progress.ts';
import { connectionTls, type OutboundTrust } from './tls-trust.ts';

/** How services are reached. */
export type OutboundOptions = OutboundTrust & {
  /** URL of an HTTP proxy, with credentials if it needs them. */
  proxy?: string | undefined;
  /** Time limit of one exchange, milliseconds. */
  timeoutMs: number;
  /** Time limit of a new connection, milliseconds; that of an exchange when absent. */
  connectMs?: number;
};

/** One request. */
export type OutboundRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array | undefined;
  /** Longest body of a reply that is read, octets. */
  limit: number;
  /** A shorter time limit than that of the client, milliseconds. */
  timeoutMs?: number;
};

type Call = Omit<OutboundRequest, 'limit'>;

/** A whole reply of any status, a redirect included: it is never followed. Header names are in lower case. */
export type OutboundReply = { status: number; headers: Readonly<Record<string, string>>; text: string };

/** A whole reply of any status as it came: an OutboundReply without the text. */
export type OutboundOctets = Omit<OutboundReply, 'text'> & { octets: Buffer };

/** Throws NoReply when there is no whole reply, and the signal's reason when the caller aborts. */
export type OutboundExchange = (request: OutboundRequest, signal: AbortSignal) => Promise<OutboundReply>;

/** The status of a reply of any status, as soon as it has begun: its body is not read. Throws as OutboundExchange. */
export type OutboundStatus = (request: Call, signal: AbortSignal) => Promise<number>;

/** The fields of NoReply; documented there. */
type NoReplyDetails = {
  remedy: string;
  retryable: boolean;
  status?: number;
  sent?: boolean;
  code?: string;
  cause?: unknown;
};

/** No whole reply came. The message names the host only: nothing else of the URL, and nothing that was sent. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
  /** What an administrator can do. */
  readonly remedy: string;
  /** Whether the same request may succeed a moment later. */
  readonly retryable: boolean;
  /** The HTTP status, when a reply had begun. */
  readonly status: number | undefined;
  /** Whether the request, or the beginning of it, was sent: the service may have acted on it. */
  readonly sent: boolean;
  /** The code of the system, of OpenSSL or of undici, where there is one: `ECONNREFUSED`. */
  readonly code: string | undefined;

  constructor(message: string, { remedy, retryable, status, sent = false, code, cause }: NoReplyDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.remedy = remedy;
    this.retryable = retryable;
    this.status = status;
    this.sent = sent;
    this.code = code;
  }
}

/** `close` ends the connections; `retire` does it when the exchanges that are under way have ended. */
export type HttpsClient = {
  exchange: OutboundExchange;
  /** As `exchange`, for a reply that is no text. */
  octets: (request: OutboundRequest, signal: AbortSignal) => Promise<OutboundOctets>;
  status: OutboundStatus;
  close: () => Promise<void>;
  retire: () => Promise<void>;
};

/** One exchange under way, over connections of this client. */
type Ways = { dispatcher: Dispatcher; signal: AbortSignal };

/**
 * A client with connections of its own. The environment (`HTTPS_PROXY` and the like) is not read.
 * Throws ConfigError for a proxy that is not an http or https URL, and for certificates or a key that cannot be used.
 */
export function httpsClient(options: OutboundOptions): HttpsClient {
  const { proxy, timeoutMs } = options;
  const dispatcher = dispatcherOf(options);
  const inTime =
    <C extends Call, T>(work: (call: C, ways: Ways) => Promise<T>) =>
    async (call: C, signal: AbortSignal): Promise<T> => {
      const ms = Math.min(call.timeoutMs ?? timeoutMs, timeoutMs);
      const timeout = AbortSignal.timeout(ms);
      const progress: Progress = { sent: false };
      try {
        const either = AbortSignal.any([signal, timeout]);
        const ways = { dispatcher: noting(dispatcher, progress), signal: either };
        // undici observes the signal only when it has a connection.
        return await within(() => work(call, ways), either);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof NoReply) throw cause;
        const { sent } = progress;
        throw timeout.aborted ? timeoutError(call, ms, sent) : networkError(call, { cause, proxy, sent });
      }
    };
  return {
    exchange: inTime(async (call, ways) => {
      const { octets, ...reply } = await send(call, ways);
      return { ...reply, text: octets.toString('utf8') };
    }),
    octets: inTime(send),
    status: inTime(statusOf),
    close: () => dispatcher.destroy(),
    retire: () => dispatcher.close(),
  };
}

function dispatcherOf(options: OutboundOptions): Dispatcher {
  const { proxy, timeoutMs, connectMs = timeoutMs } = options;
  const tls = { ...connectionTls(options), timeout: connectMs };
  if (proxy === undefined) return new Agent({ connect: tls });
  assertProxy(proxy);
  return new ProxyAgent({
    uri: proxy,
    requestTls: tls,
    proxyTls: tls,
    // Otherwise a proxy that does not answer CONNECT has five minutes.
    clientFactory: (url, more) => new Pool(url, { ...more, headersTimeout: timeoutMs }),
  });
}

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

const begin = ({ url, method, headers, body }: Call, { dispatcher, signal }: Ways) =>
  request(url, { dispatcher, method, headers, body: body ?? null, signal });

async function statusOf(call: Call, ways: Ways): Promise<number> {
  const { statusCode, body } = await begin(call, ways);
  // The end of the connection is reported as an error of the body.
  body.on('error', () => undefined).destroy();
  return statusCode;
}

async function send(call: OutboundRequest, ways: Ways): Promise<OutboundOctets> {
  const reply = await begin(call, ways);
  const octets = await readOctets(reply.body, call.limit);
  if (!octets) throw oversized(call, reply.statusCode);
  return { status: reply.statusCode, headers: singleHeaders(reply.headers), octets };
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

const timeoutError = (call: { url: string }, ms: number, sent: boolean): NoReply =>
  new NoReply(`${hostOf(call)} gave no answer within ${ms} ms`, { remedy: NETWORK_REMEDY, retryable: true, sent });

const oversized = (call: OutboundRequest, status: number): NoReply =>
  new NoReply(`${hostOf(call)} answered with more than ${call.limit} octets`, {
    remedy: 'Look for a proxy that answers in place of the service.',
    retryable: false,
    status,
    sent: true,
  });

type Ended = { cause: unknown; proxy: string | undefined; sent: boolean };

function networkError(call: { url: string }, { cause, proxy, sent }: Ended): NoReply {
  const fault = networkFault(cause, proxy && new URL(proxy).host);
  return new NoReply(`${hostOf(call)} could not be reached: ${fault.code}`, { ...fault, sent, cause });
}
