/**
 * A link to a file with the key of a person. The token of the link opens the file; what is kept beside the file is enough to find it and too little to
 * open it. Both follow from the token by HKDF (RFC 5869) with SHA-256, each for its own purpose.
 */
import { hash, hkdfSync } from 'node:crypto';
import type { RandomBytes } from '../core/environment.ts';
import { openOctets, sealOctets, type SealingKey } from './sealed-octets.ts';

/** A file, and the name that it is saved under. */
export type LinkedFile = { name: string; file: Uint8Array };

/** What is kept. `mark`: as in KeyLink. */
export type SealedFile = { mark: string; sealed: Uint8Array };

const OCTETS = 32;
/** 32 octets as base64url without padding. The last character has four bits, so that there is one way to write a token. */
const FORM = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/** A secret of 256 bits, for a URL. */
export const newLinkToken = (random: RandomBytes): string => Buffer.from(random(OCTETS)).toString('base64url');

const derivedFrom = (token: string, purpose: 'mark' | 'key'): Uint8Array =>
  new Uint8Array(
    hkdfSync('sha256', Buffer.from(token, 'base64url'), new Uint8Array(), `openndes-key-link 1 ${purpose}`, OCTETS),
  );

/** What a file is kept under; undefined for text that is no token. */
export const markOfToken = (token: string): string | undefined =>
  FORM.test(token) ? hash('sha256', derivedFrom(token, 'mark'), 'hex') : undefined;

const keyOf = (token: string, mark: string): SealingKey => ({
  key: derivedFrom(token, 'key'),
  label: Buffer.from(mark),
});

/** Encrypts the file for who has the token. Throws RangeError for text that is no token. */
export function sealLinkedFile({ name, file }: LinkedFile, token: string, random: RandomBytes): SealedFile {
  const mark = markOfToken(token);
  if (mark === undefined) throw new RangeError('no token of a link');
  const sealing = keyOf(token, mark);
  const content = Buffer.from(JSON.stringify({ name, file: Buffer.from(file).toString('base64') }));
  const sealed = sealOctets(content, sealing, random);
  content.fill(0);
  sealing.key.fill(0);
  return { mark, sealed };
}

/** Throws Error when what is kept was changed, or belongs to another token. */
export function openLinkedFile({ mark, sealed }: SealedFile, token: string): LinkedFile {
  const sealing = keyOf(token, mark);
  const { name, file } = JSON.parse(Buffer.from(openOctets(sealed, sealing)).toString()) as {
    name: string;
    file: string;
  };
  sealing.key.fill(0);
  return { name, file: Buffer.from(file, 'base64') };
}
