/**
 * Secrets in a database that keeps what was deleted: PostgreSQL has old rows in its files and its log, and its backups are
 * copied. AES-256-GCM with a random nonce; one octet of version, the id of the key, nonce, content, tag.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { RandomBytes } from '../core/environment.ts';

/** `keys`: 32 octets each. The first one seals; each opens what it sealed. */
export type SealingKeys = { keys: readonly [Uint8Array, ...Uint8Array[]]; random: RandomBytes };

/** `place`: the row and the column, without which it does not open, so that it cannot be moved to another. */
export type Sealer = {
  seal: (content: Uint8Array, place: string) => Uint8Array;
  /** What is not sealed is returned as it is: it is from before there was a key. Throws Error. */
  open: (sealed: Uint8Array, place: string) => Uint8Array;
  /** By which key it is sealed: `none` when it is not, `unknown` when by none of these. */
  sealedBy: (octets: Uint8Array) => 'first' | 'other' | 'unknown' | 'none';
};

/** DER begins with 0x30, so that this octet tells both apart. */
const VERSION = 1;
const ID = 8;
const NONCE = 12;
const TAG = 16;
const HEAD = 1 + ID + NONCE;
const CIPHER = 'aes-256-gcm';

/** Seals with the first of the keys. */
export function sealer({ keys, random }: SealingKeys): Sealer {
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [first] = keys;

  function seal(content: Uint8Array, place: string): Uint8Array {
    const nonce = random(NONCE);
    const cipher = createCipheriv(CIPHER, first, nonce).setAAD(Buffer.from(place));
    const sealed = [cipher.update(content), cipher.final()];
    return new Uint8Array(
      Buffer.concat([Buffer.from([VERSION]), Buffer.from(idOf(first), 'hex'), nonce, ...sealed, cipher.getAuthTag()]),
    );
  }

  function open(sealed: Uint8Array, place: string): Uint8Array {
    if (sealed[0] !== VERSION) return sealed;
    const key = byId.get(idIn(sealed));
    if (!key) throw new Error(`${place} was sealed with a key that \`store.secretsKey\` does not have.`);
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(1 + ID, HEAD))
      .setAAD(Buffer.from(place))
      .setAuthTag(sealed.subarray(-TAG));
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(HEAD, -TAG)), decipher.final()]));
  }

  function sealedBy(octets: Uint8Array): ReturnType<Sealer['sealedBy']> {
    if (octets[0] !== VERSION) return 'none';
    const id = idIn(octets);
    if (id === idOf(first)) return 'first';
    return byId.has(id) ? 'other' : 'unknown';
  }

  return { seal, open, sealedBy };
}

/** Tells nothing about the key. */
const idOf = (key: Uint8Array): string =>
  createHmac('sha256', key)
    .update('openndes: id of a secretsKey')
    .digest('hex')
    .slice(0, ID * 2);

const idIn = (sealed: Uint8Array): string => Buffer.from(sealed.subarray(1, 1 + ID)).toString('hex');
