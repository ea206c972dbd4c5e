/** Hashes of administrators' passwords, written as PHC strings: scrypt (RFC 7914), and PBKDF2 (RFC 8018) in FIPS mode. */
import { pbkdf2, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { RandomBytes } from '../core/environment.ts';

const scryptOf = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);
const pbkdf2Of = promisify(pbkdf2);

/** OWASP's choice for scrypt with 64 MiB: about 0.1 s of one core. */
const SCRYPT_COST = { ln: 16, r: 8, p: 1 };
/** OWASP's choice for PBKDF2 with HMAC-SHA-256: about 0.2 s of one core. */
const ITERATIONS = 600_000;
const SALT_OCTETS = 16;
const HASH_OCTETS = 32;
const END = String.raw`\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43,86})$`;
const SCRYPT = new RegExp(String.raw`^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})${END}`);
const PBKDF2 = new RegExp(String.raw`^\$pbkdf2-sha256\$i=(\d{1,8})${END}`);
const MOST_MEMORY = 256 * 1024 * 1024;
const LEAST_ITERATIONS = 10_000;
const MOST_ITERATIONS = 5_000_000;

/** The cost of scrypt (`ln` is the binary logarithm of N), or of PBKDF2 with HMAC-SHA-256. */
type Cost = { kdf: 'scrypt'; ln: number; r: number; p: number } | { kdf: 'pbkdf2-sha256'; iterations: number };

/** A hash with its cost. */
export type PasswordHash = Cost & { salt: Uint8Array; hash: Uint8Array };

/** Returns `$scrypt$ln=16,r=8,p=1$salt$hash`, or `$pbkdf2-sha256$i=600000$salt$hash`; salt and hash are base64 without padding. */
export async function hashPassword(
  password: string,
  random: RandomBytes,
  kdf: Cost['kdf'] = 'scrypt',
): Promise<string> {
  const cost: Cost = kdf === 'scrypt' ? { kdf, ...SCRYPT_COST } : { kdf, iterations: ITERATIONS };
  const salt = random(SALT_OCTETS);
  const hash = await derived(password, { ...cost, salt, hash: new Uint8Array(HASH_OCTETS) });
  return `$${kdf}$${costText(cost)}$${base64(salt)}$${base64(hash)}`;
}

const costText = (cost: Cost): string =>
  cost.kdf === 'scrypt' ? `ln=${cost.ln},r=${cost.r},p=${cost.p}` : `i=${cost.iterations}`;

/** Reads what `hashPassword` writes. Undefined for other text, and for costs that are too low or too high for one request. */
export const parsePasswordHash = (text: string): PasswordHash | undefined => scryptHash(text) ?? pbkdf2Hash(text);

function scryptHash(text: string): PasswordHash | undefined {
  const [, ln, r, p, salt, hash] = SCRYPT.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (cost.ln < 10 || cost.r < 1 || cost.p < 1 || memory(cost) > MOST_MEMORY || cost.p > 4) return undefined;
  return { kdf: 'scrypt', ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

function pbkdf2Hash(text: string): PasswordHash | undefined {
  const [, i, salt, hash] = PBKDF2.exec(text) ?? [];
  const iterations = Number(i);
  if (salt === undefined || hash === undefined) return undefined;
  if (iterations < LEAST_ITERATIONS || iterations > MOST_ITERATIONS) return undefined;
  return { kdf: 'pbkdf2-sha256', iterations, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

/** Compares in constant time: a wrong password takes as long as the right one. */
export async function passwordMatches(password: string, expected: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derived(password, expected), expected.hash);
}

function derived(password: string, expected: PasswordHash): Promise<Buffer> {
  const { salt, hash } = expected;
  const text = password.normalize('NFC');
  if (expected.kdf === 'pbkdf2-sha256') return pbkdf2Of(text, salt, expected.iterations, hash.length, 'sha256');
  const { ln, r, p } = expected;
  return scryptOf(text, salt, hash.length, { N: 2 ** ln, r, p, maxmem: 2 * MOST_MEMORY });
}

const memory = ({ ln, r }: { ln: number; r: number }): number => 128 * 2 ** ln * r;

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64').replaceAll('=', '');
