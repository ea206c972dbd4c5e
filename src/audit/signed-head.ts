/** Statements about the chain, and their signatures. */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { AuditHead, HeadSignature } from '../core/audit-chain.ts';
import type { KeyKind, KeyProvider } from '../core/keys.ts';

/** A head of a chain. `chain`: the hash of its genesis, which names it. */
export type HeadOfChain = AuditHead & { chain: string };

/** What is signed: text in lines, UTF-8, which people can read and other programs can verify. */
export const headText = ({ chain, kind, first, number, hash: last, at }: HeadOfChain): string =>
  [
    'openndes audit head 1',
    `chain: ${chain}`,
    `kind: ${kind}`,
    `first: ${first}`,
    `number: ${number}`,
    `hash: ${last}`,
    `at: ${at.toISOString()}`,
    '',
  ].join('\n');

/** SHA-256 of a SubjectPublicKeyInfo, DER; lower-case hexadecimal. */
export const keyName = (spki: Uint8Array): string => hash('sha256', spki, 'hex');

/** Kinds of keys that sign heads: with SHA-256, RSA by PKCS#1 v1.5. */
export const SIGNING_KINDS: readonly KeyKind['type'][] = ['rsa', 'ec'];

/** Throws what the key throws, and when it returns a signature that is not its own. */
export async function signHead(key: Pick<KeyProvider, 'sign' | 'spki'>, head: HeadOfChain): Promise<HeadSignature> {
  const data = Buffer.from(headText(head));
  const signature = await key.sign({ data, digest: 'sha256', scheme: 'pkcs1' });
  const signed = { signature, key: keyName(key.spki) };
  if (isSignedBy(publicKeyOf(key.spki), head, signed)) return signed;
  throw new Error('The key of `audit.key` returned a signature that its public key does not verify.');
}

/** A public key from a SubjectPublicKeyInfo, DER. Throws when it is none. */
export const publicKeyOf = (spki: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });

/** Whether the statement was signed with this key. */
export function isSignedBy(
  key: KeyObject,
  head: HeadOfChain,
  { signature }: Pick<HeadSignature, 'signature'>,
): boolean {
  try {
    return verify('sha256', Buffer.from(headText(head)), key, signature);
  } catch {
    // OpenSSL throws for some malformed signatures.
    return false;
  }
}
