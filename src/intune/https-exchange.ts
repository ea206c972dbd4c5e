/** One HTTPS exchange with a service: bounded in time and size, no redirects, its own trust and proxy. */
import { createSecureContext, getCACertificates } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { ConfigError } from '../core/errors.ts';
import { type IntuneHop, IntuneUnreachable } from './unreachable.ts';

export type HttpsCall = {
  hop: IntuneHop;
  method: 'GET' | 'POST';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** The most octets of an answer that are read. */
  limit: number;
  clientRequestId?: string | undefined;
};
/** An answer of any status but a redirect. Header names are in lower case. */
export type HttpsReply = { status: number; headers: Readonly<Record<string, string>>; text: string };

/** Throws IntuneUnreachable when there is no whole answer, and the signal's reason when the caller gave up. */
export type HttpsExchange = (call: HttpsCall, signal: AbortSignal) => Promise<HttpsReply>;

export type HttpsConnection = {
  /** PEM of a CA to trust beside the public ones. */
  trustCa?: string | undefined;
  /** URL of an HTTP proxy, with credentials if it wants them. */
  proxy?: string | undefined;
  /** The longest one exchange may take, milliseconds. */
  callMs: number;
};

/** Exchanges over connections of their own; nothing global to the process is read or set. Throws ConfigError. */
export function httpsExchange({ trustCa, proxy, callMs }: HttpsConnection): {
  exchange: HttpsExchange;
  close: () => Promise<void>;
} {
  // Made once: with `ca` in its place, every connection would read the hundred and more certificates again.
  const tls =
    trustCa === undefined
      ? {}
      : { secureContext: createSecureContext({ ca: [...getCACertificates('default'), trustCa] }) };
  const dispatcher: Dispatcher =
    proxy === undefined
      ? new Agent({ connect: tls })
      : new ProxyAgent({ uri: proxyUrl(proxy), requestTls: tls, proxyTls: tls });
  const exchange: HttpsExchange = async (call, signal) => {
    const timeout = AbortSignal.timeout(callMs);
    try {
      return await once(call, dispatcher, AbortSignal.any([signal, timeout]));
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof IntuneUnreachable) throw cause;
      throw timeout.aborted ? late(call, callMs) : broken(call, cause);
    }
  };
  return { exchange, close: () => dispatcher.destroy() };
}

function proxyUrl(proxy: string): string {
  if (/^https?:$/.test(URL.parse(proxy)?.protocol ?? '')) return proxy;
  // The URL is not quoted: it may carry a password.
  throw new ConfigError('proxy: not an http or https URL', 'Write it as http://host:port.');
}

async function once(call: HttpsCall, dispatcher: Dispatcher, signal: AbortSignal): Promise<HttpsReply> {
  const { method, headers, body = null } = call;
  const reply = await request(call.url, { dispatcher, method, headers, body, signal });
  const text = await readText(call, reply.statusCode, reply.body);
  if (reply.statusCode >= 300 && reply.statusCode < 400) throw redirected(call, reply.statusCode);
  return { status: reply.statusCode, headers: singleHeaders(reply.headers), text };
}

async function readText(call: HttpsCall, status: number, body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > call.limit) throw oversized(call, status);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const singleHeaders = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));

const fault = (
  call: HttpsCall,
  retryable: boolean,
  what: string,
  remedy: string,
  more: { status?: number; cause?: unknown },
) =>
  new IntuneUnreachable({
    hop: call.hop,
    clientRequestId: call.clientRequestId,
    retryable,
    what: `${new URL(call.url).host} ${what}`,
    remedy,
    ...more,
  });

const late = (call: HttpsCall, ms: number) =>
  fault(call, true, `gave no answer within ${ms} ms`, 'Look at the network, the proxy and the service health.', {});

const redirected = (call: HttpsCall, status: number) =>
  fault(
    call,
    false,
    `answered with a redirect (HTTP ${status}), which is never followed`,
    'These services do not redirect: look for a proxy or a portal that stands between.',
    { status },
  );

const oversized = (call: HttpsCall, status: number) =>
  fault(call, false, `answered with more than ${call.limit} octets`, 'Look for a proxy that answers in its place.', {
    status,
  });

const TRUST = 'The certificate of the service is not trusted. If a proxy opens TLS, give its CA as `trustCa`.';
const NAMES = 'Look at the DNS of this machine, or give a `proxy`.';
const ROUTE = 'Look at the firewall, or give a `proxy`.';
/** What the codes of Node and OpenSSL mean to an administrator. The trust of a certificate does not mend by itself. */
const CAUSES: Readonly<Record<string, { remedy: string; retryable: boolean }>> = {
  SELF_SIGNED_CERT_IN_CHAIN: { remedy: TRUST, retryable: false },
  DEPTH_ZERO_SELF_SIGNED_CERT: { remedy: TRUST, retryable: false },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { remedy: TRUST, retryable: false },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { remedy: TRUST, retryable: false },
  CERT_HAS_EXPIRED: { remedy: 'Look at the clock of this machine.', retryable: false },
  CERT_NOT_YET_VALID: { remedy: 'Look at the clock of this machine.', retryable: false },
  ERR_TLS_CERT_ALTNAME_INVALID: { remedy: 'Something else answers under this name.', retryable: false },
  ENOTFOUND: { remedy: NAMES, retryable: true },
  EAI_AGAIN: { remedy: NAMES, retryable: true },
  ECONNREFUSED: { remedy: ROUTE, retryable: true },
  EHOSTUNREACH: { remedy: ROUTE, retryable: true },
  ENETUNREACH: { remedy: ROUTE, retryable: true },
};

function broken(call: HttpsCall, cause: unknown): IntuneUnreachable {
  const { code, message } = innermost(cause);
  const row = CAUSES[code] ?? { remedy: 'Look at the network, the proxy and the service health.', retryable: true };
  return fault(call, row.retryable, `could not be reached: ${code || message}`, row.remedy, { cause });
}

/** undici and Node wrap: the code that says something is at the bottom. */
function innermost(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const below = error.cause === undefined ? undefined : innermost(error.cause);
  if (below?.code) return below;
  return { code: 'code' in error ? String(error.code) : '', message: error.message };
}
