/** The second factor of a local user: codes of an app on a phone (RFC 6238), with `otpauth`. */
import { Secret, TOTP, URI } from 'otpauth';
import type { RandomBytes } from '../core/environment.ts';

/** The key and the form of the codes of one user. */
export type SecondFactor = TOTP;

/** RFC 4226 4 recommends 160 bits. */
const OCTETS = 20;
const LEAST_OCTETS = 16;
const PERIOD = 30;
/** Codes of the step before and after are accepted too: clocks of phones differ. */
const WINDOW = 1;

/** The `otpauth:` URI of a new key, which apps read as a QR code. It has the key in it. */
export function newSecondFactor(user: string, random: RandomBytes): string {
  const secret = new Secret({ buffer: Uint8Array.from(random(OCTETS)).buffer });
  return new TOTP({ issuer: 'openndes', label: user, secret, period: PERIOD }).toString();
}

/** Reads such a URI. Undefined for other text, for HOTP, and for a key that is too short. */
export function parseSecondFactor(text: string): SecondFactor | undefined {
  try {
    const factor = URI.parse(text.trim());
    const isLong = factor.secret.buffer.byteLength >= LEAST_OCTETS && factor.digits >= 6;
    return factor instanceof TOTP && isLong ? factor : undefined;
  } catch {
    // Expected: the text is no such URI.
    return undefined;
  }
}

/** The time step of a code that is right at this moment; undefined for a wrong one. */
export function stepOfCode(factor: SecondFactor, code: string, now: Date): number | undefined {
  const token = code.replaceAll(/\s/g, '');
  const timestamp = now.getTime();
  const delta = factor.validate({ token, timestamp, window: WINDOW });
  return delta === null ? undefined : factor.counter({ timestamp }) + delta;
}
