/** Key pairs: what a key provider (file, HSM, cloud KMS, WebCrypto) implements. */

/** The parameter sets of ML-DSA (FIPS 204), under the names of node:crypto. */
export type MlDsa = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

/** The parameter sets of ML-KEM (FIPS 203): of an RA alone, no device gets a certificate for one. */
export type MlKem = 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024';

/** The kind of a public key, without the key. `bits`: the modulus of RSA, the field of EC, the whole public key of ML-DSA and ML-KEM. */
export type KeyKind = { type: 'rsa' | 'ec' | 'ed25519' | MlDsa | MlKem; bits: number };

/** Hash functions under the names of node:crypto. */
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How a content-encryption key was encrypted: RFC 8017 7.2 (pkcs1) or 7.1 (oaep, with both of its hashes). */
export type KeyTransport = { scheme: 'pkcs1' } | { scheme: 'oaep'; hash: Digest; mgf1Hash: Digest };

/** The padding of an RSA signature: RSASSA-PKCS1-v1_5 (RFC 8017 8.2) or RSASSA-PSS (RFC 8017 8.1). */
export type SignatureScheme = 'pkcs1' | 'pss';

/**
 * What to sign, and how. PSS uses `digest` for MGF1 too, and a salt as long as the digest (RFC 4055 3.1). Without `digest`
 * for ML-DSA alone, which hashes as it signs.
 */
export type SignatureInput = { data: Uint8Array; digest: Digest | undefined; scheme: SignatureScheme };

/** The calls of a key that lives elsewhere since it was opened: how many, how many of them failed, and their milliseconds together. */
export type KeyCalls = { made: number; failed: number; ms: number };

/**
 * One key pair. The private key never leaves the implementation. A result may be a value or a promise, so that a key in
 * memory does not wait for the event loop.
 */
export interface KeyProvider {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly kind: KeyKind;
  /** The private key is in the memory of this process: a signature cannot come back changed. */
  readonly inProcess?: boolean;
  /**
   * Signs `data`, which is not hashed yet. RSA keys use `scheme`. EC keys have one scheme, ECDSA, whatever `scheme`
   * names, and return an ECDSA-Sig-Value, DER (RFC 3279 2.2.3). So have ML-DSA keys: pure mode with an empty context (RFC
   * 9881 3), without a digest. Throws when the key cannot sign with this digest.
   */
  sign(input: SignatureInput): Uint8Array | Promise<Uint8Array>;
  /**
   * As `sign` with `pkcs1`, over the octets of all parts one after the other: other work runs between them. A key in memory has
   * it, for what is long.
   */
  signParts?(parts: AsyncIterable<Uint8Array>, digest: Digest): Promise<Uint8Array>;
  /**
   * Decrypts a content-encryption key. With a wrong padding it returns random or empty octets and not an error
   * (implicit rejection), so that there is no padding oracle. Throws only for public facts, such as the length of the
   * ciphertext.
   */
  decrypt?(ciphertext: Uint8Array, transport: KeyTransport): Uint8Array | Promise<Uint8Array>;
  /**
   * ECDH (SEC 1 3.3.1): the secret shared with another public key on the same curve, given as SubjectPublicKeyInfo,
   * DER. Only a client with an EC key needs it, to open a reply encrypted to it. Throws when the other key is
   * malformed.
   */
  agree?(spki: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Of a key that lives elsewhere: why its last call failed, for administrators, or undefined. It never waits. After a failure each
   * call of this function tries the key again in the background, so that the answer changes by itself.
   */
  standing?(): string | undefined;
  /** Of a key that lives elsewhere: its calls. */
  calls?(): KeyCalls;
  /**
   * ML-KEM decapsulation (FIPS 203 7.3): the shared secret. A wrong ciphertext gives another secret and no error. Throws only
   * for one of a wrong length.
   */
  decapsulate?(ciphertext: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Ends the session with an HSM or a service, if there is one. The key is not used afterwards. */
  close?(): void | Promise<void>;
}
