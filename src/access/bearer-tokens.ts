/** Tokens of programs (RFC 6750). The configuration has a hash of each: a long random token needs no slow one. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RoleGrant } from '../core/access.ts';
import type { Clock, RandomBytes } from '../core/environment.ts';

/** A token by its SHA-256. From `expires` on it is refused. */
export type NamedToken = { name: string; hash: Uint8Array; grant: RoleGrant; expires?: Date };

/** The token that was sent. `expired`: its time is over. */
export type TokenHolder = Pick<NamedToken, 'name' | 'grant'> & { expired: boolean };

/** So that programs that look for secrets in repositories find it. */
const PREFIX = 'openndes_';
const OCTETS = 32;
const HASH = /^sha256:([0-9a-f]{64})$/;

/** A new token. */
export const newToken = (random: RandomBytes): string =>
  `${PREFIX}${Buffer.from(random(OCTETS)).toString('base64url')}`;

/** As the configuration has it: `sha256:` and 64 hexadecimal digits. */
export const tokenHashText = (token: string): string => `sha256:${Buffer.from(sha256(token)).toString('hex')}`;

/** Reads what `tokenHashText` writes. Undefined for other text. */
export function parseTokenHash(text: string): Uint8Array | undefined {
  const [, hex] = HASH.exec(text) ?? [];
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
}

/** SHA-256 of a token. */
export const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** Whose token an Authorization header has; undefined for none of these. Each is compared, in constant time. */
export function tokenHolder(tokens: readonly NamedToken[], clock: Clock): (sent: string) => TokenHolder | undefined {
  return (sent) => {
    const hash = sha256(bearer(sent));
    const [found] = tokens.filter((each) => timingSafeEqual(each.hash, hash));
    if (!found) return undefined;
    const { name, grant, expires } = found;
    return { name, grant, expired: expires !== undefined && clock() >= expires };
  };
}

const bearer = (sent: string): string => /^bearer +(\S+)$/i.exec(sent)?.[1] ?? '';
