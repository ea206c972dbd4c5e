/** The keys of one test process, each made when first asked for: an RSA-2048 key takes a tenth of a second. */
import { generateKeyPairSync } from 'node:crypto';
import { type SoftwareKey, softwareKey } from '../../src/keys/software.ts';

const made = new Map<string, SoftwareKey>();

function once(name: string, make: () => SoftwareKey): SoftwareKey {
  const key = made.get(name) ?? make();
  made.set(name, key);
  return key;
}

/** The RSA key of this name; the same name gives the same key. */
export const rsaKey = (name: string, bits = 2048): SoftwareKey =>
  once(`rsa ${bits} ${name}`, () => softwareKey(generateKeyPairSync('rsa', { modulusLength: bits }).privateKey));

/** The EC key of this name, on P-256 unless another curve is named. */
export const ecKey = (name: string, namedCurve = 'P-256'): SoftwareKey =>
  once(`ec ${namedCurve} ${name}`, () => softwareKey(generateKeyPairSync('ec', { namedCurve }).privateKey));

/** The Ed25519 key of this name. */
export const edKey = (name: string): SoftwareKey =>
  once(`ed25519 ${name}`, () => softwareKey(generateKeyPairSync('ed25519').privateKey));
