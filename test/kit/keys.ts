/** The keys of one test process, each made when first asked for. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SoftwareKey, softwareKey } from '../../src/keys/software.ts';

const made = new Map<string, SoftwareKey>();

function once(name: string, make: () => KeyObject): SoftwareKey {
  const key = made.get(name) ?? softwareKey(make());
  made.set(name, key);
  return key;
}

/** Ready-made keys that no name has yet: making an RSA-2048 key takes a tenth of a second. */
const ready =
  readFileSync(join(import.meta.dirname, 'rsa-2048.pem'), 'utf8').match(/^-----BEGIN[^]*?^-----END.*$/gm) ?? [];

function rsaPrivateKey(modulusLength: number): KeyObject {
  const pem = modulusLength === 2048 ? ready.pop() : undefined;
  return pem === undefined ? generateKeyPairSync('rsa', { modulusLength }).privateKey : createPrivateKey(pem);
}

/** The RSA key of this name; the same name gives the same key, and no two names the same one. */
export const rsaKey = (name: string, bits = 2048): SoftwareKey =>
  once(`rsa ${bits} ${name}`, () => rsaPrivateKey(bits));

/** An RSA-2048 key that is used nowhere else in this process. */
export const newRsaKey = (): SoftwareKey => rsaKey(`new ${made.size}`);

/** The EC key of this name, on P-256 unless another curve is named. */
export const ecKey = (name: string, namedCurve = 'P-256'): SoftwareKey =>
  once(`ec ${namedCurve} ${name}`, () => generateKeyPairSync('ec', { namedCurve }).privateKey);

/** The Ed25519 key of this name. */
export const edKey = (name: string): SoftwareKey =>
  once(`ed25519 ${name}`, () => generateKeyPairSync('ed25519').privateKey);
