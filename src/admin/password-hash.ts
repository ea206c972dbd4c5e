/** Hashes of administrators' passwords: scrypt (RFC 7914), written as PHC strings. */
import { scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { RandomBytes } from '../core/environment.ts';

const derive = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/** OWASP's choice for scrypt with 64 MiB: about 0.1 s of one core. */
const COST = { ln: 16, r: 8, p: 1 };
const SALT_OCTETS = 16;
const HASH_OCTETS = 32;
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43,86})$/;
const MOST_MEMORY = 256 * 1024 * 1024;

/** A hash with its costs (RFC 7914): `ln` is the binary logarithm of N. */
export type PasswordHash = { ln: number; r: number; p: number; salt: Uint8Array; hash: Uint8Array };

/** Returns `$scrypt$ln=16,r=8,p=1$salt$hash`; salt and hash are base64 without padding. */
export async function hashPassword(password: string, random: RandomBytes): Promise<string> {
  const salt = random(SALT_OCTETS);
  const hash = await scryptOf(password, { ...COST, salt, hash: new Uint8Array(HASH_OCTETS) });
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${base64(salt)}$${base64(hash)}`;
}

/** Reads what `hashPassword` writes. Undefined for other text, and for costs that are too low or too high for one request. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, ln, r, p, salt, hash] = PHC.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (cost.ln < 10 || cost.r < 1 || cost.p < 1 || memory(cost) > MOST_MEMORY || cost.p > 4) return undefined;
  return { ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

/** Compares in constant time: a wrong password takes as long as the right one. */
export async function passwordMatches(password: string, expected: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await scryptOf(password, expected), expected.hash);
}

const scryptOf = (password: string, { ln, r, p, salt, hash }: PasswordHash): Promise<Buffer> =>
  derive(password.normalize('NFC'), salt, hash.length, { N: 2 ** ln, r, p, maxmem: 2 * MOST_MEMORY });

const memory = ({ ln, r }: { ln: number; r: number }): number => 128 * 2 ** ln * r;

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64').replaceAll('=', '');
