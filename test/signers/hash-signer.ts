/** Signs a hash, as a KMS does: node:crypto hashes by itself. */
import { constants, createECDH, createHash, privateEncrypt, randomBytes } from 'node:crypto';
import { nullValue, octetString, oid, sequence } from '../../src/asn1/writer.ts';
import type { SoftwareKey } from '../../src/keys/software.ts';
import { mask, xor } from '../../src/testing/key-provider-contract.ts';

/** The hashes of the fakes. */
export type Sha2 = 'sha256' | 'sha384' | 'sha512';

const ORDERS: Readonly<Record<number, readonly [curve: string, order: string]>> = {
  256: ['prime256v1', 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
  384: [
    'secp384r1',
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ],
  521: ['secp521r1', `01${'f'.repeat(64)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`],
};

const number = (octets: Uint8Array): bigint => BigInt(`0x0${Buffer.from(octets).toString('hex')}`);
const modulo = (value: bigint, order: bigint): bigint => ((value % order) + order) % order;

function inverse(value: bigint, order: bigint): bigint {
  let [previous, current, left, right] = [order, modulo(value, order), 0n, 1n];
  while (current > 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [left, right] = [right, left - quotient * right];
  }
  return modulo(left, order);
}

/** ECDSA (FIPS 186-5 6.4.1): r and s, each as long as the field. */
export function ecdsaOfHash({ privateKey, kind }: SoftwareKey, hash: Uint8Array): Buffer {
  const [curve, text] = ORDERS[kind.bits] ?? ['', '1'];
  const order = BigInt(`0x${text}`);
  const octets = Math.ceil(kind.bits / 8);
  const secret = number(Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url'));
  const ephemeral = createECDH(curve);
  const point = ephemeral.generateKeys();
  const r = modulo(number(point.subarray(1, 1 + octets)), order);
  const s = modulo(inverse(number(ephemeral.getPrivateKey()), order) * (number(hash) + r * secret), order);
  return Buffer.from([r, s].map((value) => value.toString(16).padStart(2 * octets, '0')).join(''), 'hex');
}

const IDS: Readonly<Record<Sha2, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** RSASSA-PKCS1-v1_5 (RFC 8017 9.2). */
export const pkcs1OfHash = ({ privateKey: key }: SoftwareKey, digest: Sha2, hash: Uint8Array): Buffer =>
  privateEncrypt(
    { key, padding: constants.RSA_PKCS1_PADDING },
    sequence(sequence(oid(IDS[digest]), nullValue), octetString(hash)),
  );

/** RSASSA-PSS (RFC 8017 9.1.1) with a salt as long as the hash, for moduli of whole octets. */
export function pssOfHash({ privateKey: key, kind }: SoftwareKey, digest: Sha2, hash: Uint8Array): Buffer {
  const salt = randomBytes(hash.length);
  const inner = createHash(digest).update(Buffer.alloc(8)).update(hash).update(salt).digest();
  const padding = Buffer.alloc(kind.bits / 8 - 2 * hash.length - 2);
  const block = Buffer.concat([padding, Buffer.of(1), salt]);
  const masked = xor(block, mask(inner, block.length, digest));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const encoded = Buffer.concat([masked, inner, Buffer.of(0xbc)]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}
