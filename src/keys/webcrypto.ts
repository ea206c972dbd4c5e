/**
 * A key behind any WebCrypto implementation: @peculiar/webcrypto, Node's own, or a vendor's over its HSM.
 *
 * A CryptoKey is bound to one algorithm, for RSA also to one hash and to signing or decryption. So one key pair is
 * given as several CryptoKeys, and each operation chooses the one that matches:
 *
 *   signing     RSASSA-PKCS1-v1_5 with SHA-256 for what this product signs, RSA-PSS where a caller needs it;
 *               ECDSA for every hash
 *   decryption  RSAES-PKCS1-v1_5 where the engine has it (@peculiar/webcrypto does, Node's own does not),
 *               RSA-OAEP with SHA-1 and with SHA-256
 *
 * WebCrypto has no SHA-224, and no OAEP with two different hashes.
 */
import type { webcrypto } from 'node:crypto';
import { Crypto } from '@peculiar/webcrypto';
import { BufferSourceConverter } from 'pvtsutils';
import type { Digest, KeyKind, KeyProvider, KeyTransport, SignatureInput, SignatureScheme } from '../core/keys.ts';
import { readKeyKind } from '../pkix/public-key.ts';
import { assertCiphertextLength } from './ciphertext.ts';
import { ecdsaSignature } from './ecdsa-signature.ts';

type CryptoKey = webcrypto.CryptoKey;
type SubtleCrypto = Pick<webcrypto.SubtleCrypto, 'sign' | 'decrypt' | 'exportKey'>;

/** One key pair in WebCrypto. */
export type WebCryptoKey = {
  /** The engine that the keys belong to; default @peculiar/webcrypto. */
  subtle?: Pick<webcrypto.SubtleCrypto, 'sign' | 'decrypt' | 'exportKey'>;
  /** The private key, once for each algorithm. It need not be extractable. */
  privateKeys: readonly webcrypto.CryptoKey[];
  /** The public key, extractable. */
  publicKey: webcrypto.CryptoKey;
  /**
   * Called with the error of the engine when a decryption failed. For the log only: in a reply it would be an oracle.
   */
  onDecryptionFailure: (cause: unknown) => void;
};

type HashRow = { name: string; octets: number };

const HASHES: Readonly<Partial<Record<Digest, HashRow>>> = {
  sha1: { name: 'SHA-1', octets: 20 },
  sha256: { name: 'SHA-256', octets: 32 },
  sha384: { name: 'SHA-384', octets: 48 },
  sha512: { name: 'SHA-512', octets: 64 },
};

/**
 * A KeyProvider over CryptoKeys. Signing and decryption throw TypeError when no key matches the algorithm. Every error
 * of the engine while decrypting, wrong padding included, becomes empty octets. Whether decryption takes constant time
 * depends on the engine: @peculiar/webcrypto decodes OAEP with early exits. Throws DerError for an unsupported key.
 */
export async function webCryptoKey(parts: WebCryptoKey): Promise<KeyProvider> {
  const { subtle = peculiar(), privateKeys, publicKey } = parts;
  const spki = octets(await subtle.exportKey('spki', publicKey));
  const kind = readKeyKind(spki);
  const sign = async (input: SignatureInput): Promise<Uint8Array> => {
    const signature = octets(await signWith({ subtle, privateKeys }, kind, input));
    return kind.type === 'ec' ? ecdsaSignature(signature) : signature;
  };
  if (!privateKeys.some((one) => one.usages.includes('decrypt'))) return { spki, kind, sign };
  return {
    spki,
    kind,
    sign,
    decrypt(ciphertext, transport) {
      assertCiphertextLength(kind, ciphertext);
      return decryptWith({ ...parts, subtle }, ciphertext, transport);
    },
  };
}

// Its types are those of browsers; the objects are the same.
function peculiar(): SubtleCrypto {
  const engine: unknown = new Crypto();
  return (engine as { subtle: SubtleCrypto }).subtle;
}

// Some engines return an ArrayBuffer, some a view of one.
const octets = (source: ArrayBuffer): Uint8Array => BufferSourceConverter.toUint8Array(source);

function signWith(
  { subtle, privateKeys }: Pick<Required<WebCryptoKey>, 'subtle' | 'privateKeys'>,
  kind: KeyKind,
  { data, digest, scheme }: SignatureInput,
): Promise<ArrayBuffer> {
  const name = kind.type === 'ec' ? 'ECDSA' : RSA_SCHEMES[scheme];
  const hash = digest && HASHES[digest];
  const key =
    kind.type === 'ec' ? privateKeys.find((one) => one.algorithm.name === name) : find(privateKeys, name, hash);
  if (!key || !hash) throw new TypeError(`no WebCrypto key was given that signs ${name} with ${digest ?? 'no digest'}`);
  return subtle.sign({ name, hash: hash.name, saltLength: hash.octets }, key, data);
}

const RSA_SCHEMES: Readonly<Record<SignatureScheme, string>> = { pkcs1: 'RSASSA-PKCS1-v1_5', pss: 'RSA-PSS' };

async function decryptWith(
  { subtle, privateKeys, onDecryptionFailure }: Required<WebCryptoKey>,
  ciphertext: Uint8Array,
  transport: KeyTransport,
): Promise<Uint8Array> {
  const key = decryptionKey(privateKeys, transport);
  if (!key) throw new TypeError(`no WebCrypto key was given that decrypts ${transportText(transport)}`);
  try {
    return octets(await subtle.decrypt(key.algorithm.name, key, ciphertext));
  } catch (cause) {
    onDecryptionFailure(cause);
    return new Uint8Array();
  }
}

function decryptionKey(keys: readonly CryptoKey[], transport: KeyTransport): CryptoKey | undefined {
  if (transport.scheme === 'pkcs1') return keys.find((one) => one.algorithm.name === 'RSAES-PKCS1-v1_5');
  return transport.hash === transport.mgf1Hash ? find(keys, 'RSA-OAEP', HASHES[transport.hash]) : undefined;
}

const transportText = (transport: KeyTransport): string =>
  transport.scheme === 'pkcs1'
    ? 'RSAES-PKCS1-v1_5'
    : `RSA-OAEP with ${transport.hash} and MGF1 with ${transport.mgf1Hash}`;

/** The key for this RSA algorithm and hash. */
const find = (keys: readonly CryptoKey[], name: string, hash: HashRow | undefined): CryptoKey | undefined =>
  keys.find((one) => one.algorithm.name === name && hashOf(one) === hash?.name);

const hashOf = (key: CryptoKey): string | undefined => (key.algorithm as webcrypto.RsaHashedKeyAlgorithm).hash?.name;
