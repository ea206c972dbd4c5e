/** What every KeyProvider must do: the contract of core/keys.ts as tests, for any implementation to run. */
import assert from 'node:assert/strict';
import { constants, createHash, createPublicKey, publicEncrypt, randomBytes, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Digest, KeyProvider, KeyTransport, SignatureScheme } from '../core/keys.ts';

/**
 * One implementation with one key: the `digests` that it signs with, in both schemes for RSA, `[undefined]` for ML-DSA; and the `transports` that
 * it decrypts. Without `transports` it must have no `decrypt`.
 */
export type KeyProviderCase = {
  name: string;
  /** Called once, before the tests. */
  make: () => KeyProvider | Promise<KeyProvider>;
  digests: readonly (Digest | undefined)[];
  /** Of an RSA key; both when absent. */
  schemes?: readonly SignatureScheme[];
  transports: readonly KeyTransport[];
};

const DATA = Buffer.from('to be signed');

type SchemeCase = { scheme: SignatureScheme; title: string; options: { padding?: number; saltLength?: number } };

const RSA_SCHEMES: readonly SchemeCase[] = [
  { scheme: 'pkcs1', title: 'RSASSA-PKCS1-v1_5', options: { padding: constants.RSA_PKCS1_PADDING } },
  {
    scheme: 'pss',
    title: 'RSASSA-PSS',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
];
/** An EC key signs with ECDSA for both schemes. */
const EC_SCHEMES: readonly SchemeCase[] = [
  { scheme: 'pkcs1', title: 'ECDSA', options: {} },
  { scheme: 'pss', title: 'ECDSA in place of PSS', options: {} },
];

/** ML-DSA has one scheme, which takes no digest. */
const ML_DSA_SCHEMES: readonly SchemeCase[] = [{ scheme: 'pkcs1', title: 'ML-DSA', options: {} }];
const SCHEMES: ReadonlyMap<string, readonly SchemeCase[]> = new Map([
  ['rsa', RSA_SCHEMES],
  ['ec', EC_SCHEMES],
]);

/** Declares the contract's tests for one implementation. */
export function keyProviderContract({
  name,
  make,
  digests,
  schemes: wanted = ['pkcs1', 'pss'],
  transports,
}: KeyProviderCase): void {
  describe(`KeyProvider contract: ${name}`, async () => {
    const provider = await make();
    const publicKey = createPublicKey({ key: Buffer.from(provider.spki), format: 'der', type: 'spki' });

    test('`kind` is the type and the size of the key', () => {
      assert.equal(provider.kind.type, publicKey.asymmetricKeyType);
      if (provider.kind.type === 'rsa') assert.equal(provider.kind.bits, publicKey.asymmetricKeyDetails?.modulusLength);
    });

    const known = SCHEMES.get(provider.kind.type) ?? ML_DSA_SCHEMES;
    const schemes = provider.kind.type === 'rsa' ? known.filter(({ scheme }) => wanted.includes(scheme)) : known;
    for (const digest of digests)
      for (const { scheme, title, options } of schemes)
        test(`${title} with ${digest ?? 'no digest'}: OpenSSL verifies the signature, and not that of other data`, async () => {
          const signature = await provider.sign({ data: DATA, digest, scheme });
          const key = { key: publicKey, ...options };
          assert.ok(verify(digest ?? null, DATA, key, signature));
          assert.ok(!verify(digest ?? null, Buffer.from('something else'), key, signature));
        });

    test('signatures that are asked for at the same time are each of their own data', async () => {
      const [digest] = digests;
      const all = Array.from({ length: 12 }, (_, number) => Buffer.from(`to be signed ${number}`));
      const signatures = await Promise.all(all.map(async (data) => provider.sign({ data, digest, scheme: 'pkcs1' })));
      const valid = all.map((data, number) => verify(digest ?? null, data, publicKey, signatures[number] ?? data));
      assert.deepEqual(valid, Array(12).fill(true));
    });

    test('a key that has just signed stands well', () => assert.equal(provider.standing?.(), undefined));

    test('has `decrypt` exactly when it can decrypt', () =>
      assert.equal(provider.decrypt !== undefined, transports.length > 0));

    for (const transport of transports) {
      const title = Object.values(transport).join(' ');
      const decrypt = async (ciphertext: Uint8Array): Promise<Uint8Array> =>
        provider.decrypt?.(ciphertext, transport) ?? assert.fail('the provider has no decrypt');
      const length = Math.ceil(provider.kind.bits / 8);

      for (const size of [0, 16, 32])
        test(`${title}: decrypts ${size} octets`, async () => {
          const secret = randomBytes(size);
          assert.deepEqual(Buffer.from(await decrypt(encrypt(publicKey, secret, transport, length))), secret);
        });

      test(`E12 ${title}: wrong padding gives octets, never an error`, async () => {
        for (let i = 0; i < 16; i++) {
          const ciphertext = rawEncrypt(publicKey, Buffer.concat([Buffer.of(0), randomBytes(length - 1)]));
          const result = await decrypt(ciphertext);
          assert.ok(result instanceof Uint8Array && result.length < length);
        }
      });

      test(`${title}: a ciphertext of another length is refused before the key is used`, async () => {
        await assert.rejects(decrypt(new Uint8Array(length - 1)), RangeError);
        await assert.rejects(decrypt(new Uint8Array(length + 1)), RangeError);
      });
    }
  });
}

type PublicKey = ReturnType<typeof createPublicKey>;

const rawEncrypt = (key: PublicKey, block: Uint8Array): Uint8Array =>
  publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);

function encrypt(key: PublicKey, secret: Uint8Array, transport: KeyTransport, length: number): Uint8Array {
  if (transport.scheme === 'pkcs1') return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, secret);
  const { hash, mgf1Hash } = transport;
  if (hash !== mgf1Hash) return rawEncrypt(key, encodeOaep(secret, length, hash, mgf1Hash));
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, secret);
}

/** EME-OAEP encoding (RFC 8017 7.1.1). `length` is that of the modulus in octets. */
export function encodeOaep(message: Uint8Array, length: number, hash: Digest, mgf1Hash: Digest): Uint8Array {
  const label = createHash(hash).digest();
  const padding = Buffer.alloc(length - message.length - 2 * label.length - 2);
  const block = Buffer.concat([label, padding, Buffer.of(1), message]);
  const seed = randomBytes(label.length);
  const maskedBlock = xor(block, mask(seed, block.length, mgf1Hash));
  return Buffer.concat([Buffer.of(0), xor(seed, mask(maskedBlock, seed.length, mgf1Hash)), maskedBlock]);
}

/** Octet by octet; `b` is at least as long as `a`. */
export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((octet, i) => octet ^ (b[i] ?? 0));

/** MGF1, RFC 8017 B.2.1, for up to 256 blocks. */
export function mask(seed: Uint8Array, length: number, hash: Digest): Uint8Array {
  let made = Buffer.alloc(0);
  for (let i = 0; made.length < length; i++)
    made = Buffer.concat([
      made,
      createHash(hash)
        .update(seed)
        .update(Buffer.of(0, 0, 0, i))
        .digest(),
    ]);
  return made.subarray(0, length);
}
