/** Passwords of PKCS#12 files: made by chance, in an alphabet that every reader takes the same way. */
import type { RandomBytes } from '../core/environment.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 142 bits: what counts is this, and not how slowly a key is derived from it. */
const CHARACTERS = 24;
/** The largest multiple of 62 that an octet can hold: octets from it on would favour the first letters. */
const FAIR = 248;

/** A password of 24 letters and digits. It is a secret. */
export function newPfxPassword(random: RandomBytes): string {
  let password = '';
  while (password.length < CHARACTERS)
    for (const octet of random(2 * CHARACTERS))
      if (octet < FAIR && password.length < CHARACTERS) password += ALPHABET.charAt(octet % ALPHABET.length);
  return password;
}

/** Whether all characters are in ASCII from space to tilde: outside, programs disagree on the octets of a password. */
export const isPlainPassword = (password: string): boolean => /^[ -~]+$/.test(password);
