/** The cookie of a session (RFC 6265), and what is made from the secret in it. */
import { createHash } from 'node:crypto';
import type { RandomBytes } from '../core/environment.ts';

/**
 * How browsers reach the administrator's listener. `https`: by TLS of its own or of a proxy. `loopback`: from this machine
 * alone. `open`: over a network without TLS: nobody can log in.
 */
export type Transport = 'https' | 'loopback' | 'open';

const OCTETS = 32;
const SECRET = /^[\w-]{43}$/;
/** `__Host-` is taken over https only, for this host alone, and cannot be set by a sibling. */
const NAMES: Readonly<Record<Transport, string>> = {
  https: '__Host-openndes',
  loopback: 'openndes',
  open: 'openndes',
};

/** A new secret for a cookie. */
export const newSecret = (random: RandomBytes): string => Buffer.from(random(OCTETS)).toString('base64url');

/** The value of Set-Cookie for a session; without a secret, the one that removes the cookie. */
export const sessionCookie = (transport: Transport, secret?: string): string =>
  [
    `${NAMES[transport]}=${secret ?? ''}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    ...(transport === 'https' ? ['Secure'] : []),
    ...(secret === undefined ? ['Max-Age=0'] : []),
  ].join('; ');

/** The secret in a Cookie header; undefined without one. */
export function sessionSecret(transport: Transport, header: string | undefined): string | undefined {
  const value = cookieValue(NAMES[transport], header);
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/** The value of a cookie in a Cookie header; undefined without one. Of two with the same name neither is taken. */
export function cookieValue(name: string, header: string | undefined): string | undefined {
  const prefix = `${name}=`;
  const values = (header ?? '')
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each.startsWith(prefix));
  return values.length === 1 ? values[0]?.slice(prefix.length) : undefined;
}

/** The id of the session in the store, from which the secret cannot be found. */
export const sessionId = (secret: string): string => hash('session', secret).toString('hex');

/** What each form of the session must send back: another site does not know it. It does not reveal the secret. */
export const formTokenOf = (secret: string): string => hash('form', secret).toString('base64url');

const hash = (use: string, secret: string): Buffer => createHash('sha256').update(`openndes ${use} ${secret}`).digest();
