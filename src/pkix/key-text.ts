/** Names of keys for people. */
import { catchDerError } from '../asn1/limits.ts';
import type { KeyKind } from '../core/keys.ts';
import { readKeyKind } from './public-key.ts';

/** The name of a kind of key: `RSA 3072`, `EC P-256`, `ML-DSA-65`. */
export function kindText({ type, bits }: KeyKind): string {
  if (type === 'rsa') return `RSA ${bits}`;
  if (type === 'ec') return `EC P-${bits}`;
  return type === 'ed25519' ? 'Ed25519' : type.toUpperCase();
}

/** That of a SubjectPublicKeyInfo, DER. A kind that this server does not know is said to be so. */
export const keyText = (spki: Uint8Array): string =>
  catchDerError(
    () => kindText(readKeyKind(spki)),
    () => 'of another kind',
  );
