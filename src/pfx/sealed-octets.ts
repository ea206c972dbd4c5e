/** AES-256 in GCM (NIST SP 800-38D) for what is kept: the nonce (12 octets), the content, the tag (16 octets). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RandomBytes } from '../core/environment.ts';

const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;

/** `key`: 32 octets. `label`: what is authenticated beside the content; with another one it does not open. */
export type SealingKey = { key: Uint8Array; label: Uint8Array };

/** Encrypts. */
export function sealOctets(content: Uint8Array, { key, label }: SealingKey, random: RandomBytes): Uint8Array {
  const nonce = random(NONCE_OCTETS);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(label);
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts. Throws Error when it was changed, or sealed with another key or label. */
export function openOctets(sealed: Uint8Array, { key, label }: SealingKey): Uint8Array {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_OCTETS), { authTagLength: TAG_OCTETS });
  cipher.setAAD(label).setAuthTag(sealed.subarray(-TAG_OCTETS));
  return Buffer.concat([cipher.update(sealed.subarray(NONCE_OCTETS, -TAG_OCTETS)), cipher.final()]);
}
