/** How clients of four kinds come again: after PENDING, after 503, and when the server cannot be reached. */

/** `share` of the fleet; `poll`: seconds after PENDING; `polls`: the message that is sent then. */
export type ClientKind = { share: number; poll: number; polls: 'CertPoll' | 'PKCSReq' };

/**
 * iOS: RetryDelay of a SCEP payload, as Apple has it without a setting. Windows: RetryDelay of the SCEP CSP. Android sends the same
 * message again, as micromdm. Routers: `enrollment retry period` of Cisco IOS, and strongSwan.
 */
export const CLIENT_KINDS = {
  windows: { share: 0.5, poll: 300, polls: 'CertPoll' },
  ios: { share: 0.3, poll: 10, polls: 'CertPoll' },
  android: { share: 0.15, poll: 30, polls: 'PKCSReq' },
  router: { share: 0.05, poll: 60, polls: 'CertPoll' },
} as const satisfies Readonly<Record<string, ClientKind>>;

/** The name of a kind. */
export type ClientName = keyof typeof CLIENT_KINDS;

/** Time passes so many times as fast while a client waits. What the server does takes as long as it takes. */
export const COMPRESSION = 10;

/** What came instead of a certificate. `retryAfter` in seconds, where the server said it. `unreachable`: no HTTP answer, and why. */
export type NoCertificate =
  | { kind: 'pending' }
  | { kind: 'busy'; retryAfter?: number }
  | { kind: 'unreachable'; reason: string };

const FIRST_PAUSE = 30;
const LONGEST_PAUSE = 300;

/** Seconds until the client comes again; `failures`: how many answers in a row said no time, this one included. */
export function waitAfter(answer: NoCertificate, name: ClientName, failures: number): number {
  if (answer.kind === 'pending') return CLIENT_KINDS[name].poll;
  if (answer.kind === 'busy' && answer.retryAfter !== undefined) return answer.retryAfter;
  return Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE);
}

/** The kind of the n-th device: each hundred devices has the shares of the table. */
export function kindOf(n: number): ClientName {
  const names = Object.keys(CLIENT_KINDS) as ClientName[];
  let until = 0;
  // 37 and 100 have no common factor: the kinds are mixed, and not one after the other.
  const place = ((n * 37) % 100) / 100;
  return names.find((name) => place < (until += CLIENT_KINDS[name].share) - 1e-9) ?? 'router';
}
