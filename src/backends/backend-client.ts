/** The HTTPS client of one CA: bounded in time and size, its own trust and client certificate, retries and a breaker. */
import { setTimeout as pauseFor } from 'node:timers/promises';
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { NoReply, type OutboundOctets, type OutboundRequest } from '../outbound/https-client.ts';
import type { ClientIdentity } from '../outbound/tls-trust.ts';
import type { BackendCall, BackendReply } from './backend-call.ts';
import { backendBreaker, type BreakerTimes } from './backend-breaker.ts';
import { backendConnections } from './backend-connections.ts';
import { type BackendAttempt, checkedReply, silent } from './checked-reply.ts';
import { type Negotiate, negotiated } from './negotiation.ts';
import { repeatedCall } from './repeated-call.ts';

/** How a CA is reached. */
export type BackendAddress = {
  /** For errors: `step-ca`. */
  name: string;
  /** https, with the path that all calls begin with. */
  url: string;
  /** PEM of the only CAs that its certificate may be from; the public ones when absent. */
  ca?: string | undefined;
  /** The client certificate of now, read for each call; the same object as long as it is the same. */
  identity?: (() => ClientIdentity) | undefined;
  proxy?: string | undefined;
  /** Logs in by Kerberos, for each attempt anew. */
  negotiate?: Negotiate | undefined;
};

/** Times in milliseconds. Tests make them shorter. */
export type BackendTimes = BreakerTimes & {
  connectMs: number;
  /** Of a call with all its attempts and pauses. */
  totalMs: number;
  /** How often a call is made again. */
  retries: number;
  /** The first pause; it doubles. Where the CA says how long, that counts. */
  pauseMs: number;
};

/** What a client takes from the system. `pause` waits so many milliseconds. */
export type BackendServices = {
  clock: Clock;
  times?: Partial<BackendTimes>;
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/** `close` ends the connections. */
export type BackendClient = {
  /** Throws IssuerError, and the signal's reason when the caller aborts. */
  call: (call: BackendCall, signal: AbortSignal) => Promise<BackendReply>;
  /** Host and port, for errors. */
  host: string;
  close: () => Promise<void>;
};

/** What is used where nothing else is said. */
export const BACKEND_TIMES: BackendTimes = {
  connectMs: 5_000,
  totalMs: 30_000,
  retries: 2,
  pauseMs: 500,
  breakAfter: 5,
  breakMs: 30_000,
};
const LONGEST_REPLY = 2 ** 20;

/** Throws ConfigError for an address that is not https, and for certificates, a key or a proxy that cannot be used. */
export function backendClient(address: BackendAddress, services: BackendServices): BackendClient {
  const times = { ...BACKEND_TIMES, ...services.times };
  const { origin, pathname, host } = assertHttps(address);
  const base = origin + pathname.replace(/\/+$/, '');
  const connections = backendConnections({ ...address, ...times });
  const what = `${address.name} (${host})`;
  const unlessBroken = backendBreaker(what, times);
  const { negotiate } = address;
  const answerTo = (request: OutboundRequest, { call }: BackendAttempt, signal: AbortSignal) => {
    const exchange = (headers: Readonly<Record<string, string>> = {}): Promise<OutboundOctets> =>
      connections.now().octets({ ...request, headers: { ...request.headers, ...headers } }, signal);
    return negotiate ? negotiated(exchange, negotiate, { what, idempotent: call.idempotent, signal }) : exchange();
  };
  const attemptOnce = async (call: BackendCall, ms: number, signal: AbortSignal) => {
    const attempt: BackendAttempt = { call, what, secrets: call.secrets ?? [], clock: services.clock };
    try {
      const request = { ...asRequest(call, base), limit: LONGEST_REPLY, timeoutMs: ms };
      return checkedReply(await answerTo(request, attempt, signal), attempt);
    } catch (error) {
      if (error instanceof NoReply) return silent(error, attempt);
      throw error;
    }
  };
  const repeat = { attemptOnce, times, clock: services.clock, pause: services.pause ?? pauseWith };
  return {
    host,
    close: connections.close,
    call: (call, signal) => unlessBroken(() => repeatedCall(call, signal, repeat)),
  };
}

const pauseWith = (ms: number, signal: AbortSignal): Promise<unknown> => pauseFor(ms, undefined, { signal });

function asRequest(
  { method, path, headers = {}, json, body, accepts = 'application/json' }: BackendCall,
  base: string,
) {
  const typed = json ? { 'content-type': 'application/json' } : {};
  return {
    method,
    url: base + path,
    headers: { accept: [accepts].flat().join(', '), ...typed, ...headers },
    body: json ? JSON.stringify(json) : body,
  };
}

/** The URL is not quoted: it may contain a password. */
function assertHttps({ name, url }: BackendAddress): URL {
  const parsed = URL.parse(url);
  const plain =
    parsed && parsed.username === '' && parsed.password === '' && parsed.search === '' && parsed.hash === '';
  if (plain && parsed.protocol === 'https:') return parsed;
  throw new ConfigError(
    `${name}: its address is no https URL without a password and a query`,
    'Write it like `https://HOST`.',
  );
}
