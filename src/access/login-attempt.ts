/** A login at a provider that has begun: one secret in a cookie of the browser, from which state, nonce and verifier are made. */
import { createHash } from 'node:crypto';
import { MINUTE } from '../core/durations.ts';
import type { RandomBytes } from '../core/environment.ts';
import { cookieValue, newSecret, type Transport } from './session-cookie.ts';

/** What the provider is sent, and what comes back: none of it reveals the secret. */
export type LoginAttempt = { state: string; nonce: string; verifier: string };

/** Milliseconds, for people who look for their phone. */
const LONGEST = 10 * MINUTE;
const NAMES: Readonly<Record<Transport, string>> = {
  https: '__Host-openndes-login',
  loopback: 'openndes-login',
  open: 'openndes-login',
};
const VALUE = /^(?<begun>\d{13,14})\.[\w-]{43}$/;

/** The value of a new cookie. */
export const newAttempt = (random: RandomBytes, now: Date): string => `${now.getTime()}.${newSecret(random)}`;

/** The value of Set-Cookie; without a value, the one that removes the cookie. */
export const attemptCookie = (transport: Transport, value?: string): string =>
  [
    `${NAMES[transport]}=${value ?? ''}`,
    'Path=/',
    'HttpOnly',
    // The answer of the provider comes from another site.
    'SameSite=Lax',
    ...(transport === 'https' ? ['Secure'] : []),
    `Max-Age=${value === undefined ? 0 : LONGEST / 1_000}`,
  ].join('; ');

/** The value in a Cookie header; undefined without one, and when it is too old. */
export function attemptIn(transport: Transport, header: string | undefined, now: Date): string | undefined {
  const value = cookieValue(NAMES[transport], header);
  const begun = Number(VALUE.exec(value ?? '')?.groups?.['begun']);
  return now.getTime() - begun < LONGEST ? value : undefined;
}

/** What is made from the value of the cookie. */
export const attemptOf = (value: string): LoginAttempt => ({
  state: derive('state', value),
  nonce: derive('nonce', value),
  verifier: derive('verifier', value),
});

const derive = (use: string, value: string): string =>
  createHash('sha256').update(`openndes login ${use} ${value}`).digest('base64url');
