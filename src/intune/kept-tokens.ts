/** The access tokens of one resource: kept until shortly before their end, and asked for once by all callers. */
import type { Clock } from '../core/environment.ts';
import { MINUTE } from '../core/durations.ts';
import { singleFlight } from '../outbound/single-flight.ts';
import { IntuneUnreachable } from './unreachable.ts';

/** A token as its issuer gave it; `livesMs` from now. */
export type NewToken = { token: string; livesMs: number };

/** Asks for a new token. Throws IntuneUnreachable with hop `token`, and the signal's reason on abort. */
export type FetchToken = (signal: AbortSignal) => Promise<NewToken>;

/** The access tokens of one resource. */
export type TokenSource = {
  /** A token, kept or new. Throws IntuneUnreachable with hop `token`, and the signal's reason on abort. */
  get(signal: AbortSignal): Promise<string>;
  /** Call it when the service refused this token: the next one is new. */
  forget(token: string): void;
};

/** So long before its end a token is renewed. */
const MARGIN = 5 * MINUTE;
/** So long a token is kept that says nothing of its end or has ended: otherwise each call would ask for one. */
const SHORTEST = MINUTE / 2;
/** After a renewal that failed the old token is used for so long before the next one. */
const RETRY_AFTER = MINUTE / 2;

/** Renews each token five minutes before its end, or after half of its life; while that fails, the old one is used to its end. Sends nothing yet. */
export function tokenSource(fetch: FetchToken, clock: Clock): TokenSource {
  const now = (): number => clock().getTime();
  let kept: { token: string; renewAt: number; endsAt: number } | undefined;
  const renew = singleFlight(async (signal) => {
    const { token, livesMs } = await fetch(signal);
    assertSendable(token);
    // Also when it is no number.
    const life = livesMs > SHORTEST ? livesMs : SHORTEST;
    kept = { token, renewAt: now() + Math.max(life - MARGIN, life / 2), endsAt: now() + life };
    return token;
  });
  return {
    async get(signal) {
      signal.throwIfAborted();
      if (kept && now() < kept.renewAt) return kept.token;
      try {
        return await renew(signal);
      } catch (error) {
        if (!(error instanceof IntuneUnreachable) || !kept || !(now() < kept.endsAt)) throw error;
        kept.renewAt = now() + RETRY_AFTER;
        return kept.token;
      }
    },
    forget(token) {
      if (kept?.token === token) kept = undefined;
    },
  };
}

/**
 * Makes the call with a token. After HTTP 401 or 403 it makes it once more with a new token, because the old one lacks
 * roles that were granted after it was issued. Throws what `call` throws and what `tokens.get` throws.
 */
export async function withToken<T>(
  tokens: TokenSource,
  signal: AbortSignal,
  call: (token: string) => Promise<T>,
): Promise<T> {
  const token = await tokens.get(signal);
  try {
    return await call(token);
  } catch (error) {
    if (!(error instanceof IntuneUnreachable) || (error.status !== 401 && error.status !== 403)) throw error;
    tokens.forget(token);
  }
  return call(await tokens.get(signal));
}

/** RFC 6750 2.1 allows fewer characters still. Another token could be sent to no service until its end. */
function assertSendable(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new IntuneUnreachable({
    hop: 'token',
    what: 'the access token that came is empty or has characters that no token has',
    remedy: 'Something else answered in place of the service: look for a proxy, and at `cloud` or `managedIdentity`.',
    retryable: true,
  });
}
