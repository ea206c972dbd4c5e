/** The HTTPS client of one CA: bounded in time and size, its own trust and client certificate, retries and a breaker. */
import { setTimeout as pauseFor } from 'node:timers/promises';
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import type { Clock } from '../core/environment.ts';
import { ConfigError, IssuerError } from '../core/errors.ts';
import { httpsClient, type HttpsClient, NoReply } from '../outbound/https-client.ts';
import type { ClientIdentity } from '../outbound/tls-trust.ts';
import type { BackendCall, BackendReply } from './backend-call.ts';
import { backendFault } from './backend-fault.ts';
import { type BackendAttempt, type AttemptFault, checkedReply, silent } from './checked-reply.ts';

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
};

/** Times in milliseconds. Tests make them shorter. */
export type BackendTimes = {
  connectMs: number;
  /** Of a call with all its attempts and pauses. */
  totalMs: number;
  /** How often a call is made again. */
  retries: number;
  /** The first pause; it doubles. Where the CA says how long, that counts. */
  pauseMs: number;
  /** After so many failed calls in a row none is made for `breakMs`. */
  breakAfter: number;
  breakMs: number;
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

const TIMES: BackendTimes = {
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
  const times = { ...TIMES, ...services.times };
  const { origin, pathname, host } = assertHttps(address);
  const base = origin + pathname.replace(/\/+$/, '');
  const connections = reloaded(address, times);
  const what = `${address.name} (${host})`;
  const breaker = circuitBreaker(handleWhen(countsAgainst), {
    breaker: new ConsecutiveBreaker(times.breakAfter),
    halfOpenAfter: times.breakMs,
  });
  const attemptOnce = async (call: BackendCall, ms: number, signal: AbortSignal) => {
    const attempt: BackendAttempt = { call, what, secrets: call.secrets ?? [], clock: services.clock };
    try {
      const request = { ...asRequest(call, base), limit: LONGEST_REPLY, timeoutMs: ms };
      return checkedReply(await connections.now().octets(request, signal), attempt);
    } catch (error) {
      if (error instanceof NoReply) return silent(error, attempt);
      throw error;
    }
  };
  const repeat: Repeat = { attemptOnce, times, clock: services.clock, pause: services.pause ?? pauseWith };
  let last: IssuerError | undefined;
  return {
    host,
    close: connections.close,
    async call(call, signal) {
      try {
        return await breaker.execute(() => repeated(call, signal, repeat));
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw notCalled(what, last, times.breakMs);
        if (error instanceof IssuerError) last = error;
        throw error;
      }
    },
  };
}

const pauseWith = (ms: number, signal: AbortSignal): Promise<unknown> => pauseFor(ms, undefined, { signal });

type Repeat = {
  attemptOnce: (call: BackendCall, ms: number, signal: AbortSignal) => Promise<BackendReply | AttemptFault>;
  times: BackendTimes;
  clock: Clock;
  pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/** The call, again while that can help and its time lasts. */
async function repeated(call: BackendCall, signal: AbortSignal, repeat: Repeat): Promise<BackendReply> {
  const { attemptOnce, times, clock, pause } = repeat;
  const deadline = clock().getTime() + times.totalMs;
  const left = (): number => deadline - clock().getTime();
  for (let number = 0; ; number++) {
    const answer = await attemptOnce(call, Math.max(1, left()), signal);
    if (!('error' in answer)) return answer;
    const pauseMs = Math.max(answer.pauseMs ?? 0, times.pauseMs * 2 ** number);
    if (!answer.again || number >= times.retries || pauseMs >= left()) throw answer.error;
    await pause(pauseMs, signal).catch(() => signal.throwIfAborted());
  }
}

/** A CA that throttles works, and one that refuses an order or our credentials can be reached. */
const countsAgainst = (error: unknown): boolean =>
  error instanceof IssuerError && (error.code === 'unavailable' || error.code === 'unknown-outcome');

const notCalled = (what: string, last: IssuerError | undefined, breakMs: number): IssuerError =>
  backendFault('unavailable', `${what}: not called, because the last calls failed. ${last?.message ?? ''}`.trim(), {
    cause: last,
    retryAfter: Math.ceil(breakMs / 1000),
  });

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

/** Connections with the client certificate of now: those with an earlier one end with their last exchange. */
function reloaded({ ca, identity, proxy }: BackendAddress, { connectMs, totalMs }: BackendTimes) {
  const made = (by: ClientIdentity | undefined): { by: ClientIdentity | undefined; client: HttpsClient } => ({
    by,
    client: httpsClient({ onlyCa: ca, identity: by, proxy, connectMs, timeoutMs: totalMs }),
  });
  let current = made(identity?.());
  return {
    now(): HttpsClient {
      const by = identity?.();
      if (by !== current.by) {
        const earlier = current.client;
        current = made(by);
        void earlier.retire().catch(() => undefined);
      }
      return current.client;
    },
    close: () => current.client.close(),
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
