/** Key pairs: what a key provider (file, HSM, cloud KMS, WebCrypto) implements. */

/** The kind of a public key, without the key. `bits` is the modulus length of RSA or the field size of EC. */
export type KeyKind = { type: 'rsa' | 'ec' | 'ed25519'; bits: number };

/** Hash functions under the names of node:crypto. */
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How a content-encryption key was encrypted: RFC 8017 7.2 (pkcs1) or 7.1 (oaep, with both of its hashes). */
export type KeyTransport = { scheme: 'pkcs1' } | { scheme: 'oaep'; hash: Digest; mgf1Hash: Digest };

/**
 * One key pair. The private half never leaves the implementation. Results may come at once or as a promise, so that a
 * key in memory costs no turn of the event loop.
 */
export interface KeyProvider {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly kind: KeyKind;
  /** Signs `data`: RSASSA-PKCS1-v1_5 for RSA keys, ECDSA (DER) for EC keys. */
  sign(data: Uint8Array, digest: Digest): Uint8Array | Promise<Uint8Array>;
  /**
   * Decrypts a content-encryption key. With a wrong padding it returns random octets instead of an error (implicit
   * rejection), so that the padding is no oracle. Throws only on public facts, such as the length of the ciphertext.
   */
  decrypt?(ciphertext: Uint8Array, transport: KeyTransport): Uint8Array | Promise<Uint8Array>;
  /**
   * ECDH (SEC 1 3.3.1): the secret shared with another public key on the same curve, given as SubjectPublicKeyInfo, DER.
   * Only a client with an EC key needs it, to read what is enveloped to it. Throws when the other key is malformed.
   */
  agree?(spki: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Ends the session with an HSM or a service, if there is one. The key is not used afterwards. */
  close?(): void | Promise<void>;
}
