/** The two forms in which the public key of a connector comes. */
import { createHash, type KeyObject } from 'node:crypto';
import type { ConnectorKeySource } from '../../src/pfx/connector-key.ts';

/** PEM of a SubjectPublicKeyInfo. */
export const connectorPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** Numbers of a BCRYPT_RSAPUBLICBLOB that differ from those of the key. */
type Header = Partial<Record<'magic' | 'bits' | 'exponent' | 'modulus' | 'prime1' | 'prime2', number>>;

/** BCRYPT_RSAPUBLICBLOB of CNG. */
export function cngBlob(key: KeyObject, different: Header = {}): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const [modulus, exponent] = [Buffer.from(n, 'base64url'), Buffer.from(e, 'base64url')];
  const header = {
    magic: 0x31415352,
    bits: 8 * modulus.length,
    exponent: exponent.length,
    modulus: modulus.length,
    prime1: 0,
    prime2: 0,
    ...different,
  };
  const numbers = Buffer.alloc(24);
  Object.values(header).forEach((value, i) => numbers.writeUInt32LE(value, 4 * i));
  return Buffer.concat([numbers, exponent, modulus]);
}

/** The pin of a key, and a name for errors. */
export const pinned = (key: KeyObject): ConnectorKeySource => ({
  where: 'connector.pem',
  pin: createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex'),
});
