/** Which keys a profile certifies: by kind, by size, and none that is weak. */
import type { KeyKind } from '../core/keys.ts';
import type { CertificationRequest } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { keyWeakness } from '../pkix/public-key.ts';

/** The kinds of keys that can be certified, as profiles name them. */
export const CERTIFIED_KEYS = ['rsa', 'p256', 'p384', 'p521', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const;
/** One of them. */
export type CertifiedKey = (typeof CERTIFIED_KEYS)[number];

/** Which of them: every kind where `keys` is absent. RSA moduli in bits. */
export type KeyLimits = { keys?: readonly CertifiedKey[]; minRsaBits: number; maxRsaBits?: number };

/** The kind of a key as profiles name it; a kind that is never certified has a name too. */
export const keyName = ({ type, bits }: KeyKind): string => (type === 'ec' ? `p${bits}` : type);

/** Throws Refusal: `algorithm_refused` for a kind or size that the profile does not certify, `request_refused` for a weak key. */
export function assertKey(limits: KeyLimits, { key, spki }: CertificationRequest): void {
  const { keys = CERTIFIED_KEYS, minRsaBits, maxRsaBits = Infinity } = limits;
  if (key.type === 'ed25519') throw new Refusal('algorithm_refused', 'Ed25519 keys are not certified');
  if (!keys.some((each) => each === keyName(key)))
    throw new Refusal(
      'algorithm_refused',
      `a key of the kind ${keyName(key)}; the profile certifies ${keys.join(', ')}`,
    );
  if (key.type === 'rsa' && key.bits < minRsaBits)
    throw new Refusal('algorithm_refused', `RSA key of ${key.bits} bits; the profile demands ${minRsaBits}`);
  if (key.type === 'rsa' && key.bits > maxRsaBits)
    throw new Refusal('algorithm_refused', `RSA key of ${key.bits} bits; the profile allows ${maxRsaBits}`);
  const weakness = keyWeakness(spki);
  if (weakness !== undefined) throw new Refusal('request_refused', `a weak key with ${weakness}`);
}
