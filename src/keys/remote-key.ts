/** A key that lives elsewhere, as a KeyProvider: no signature of it is used before its own public key has verified it. */
import type { KeyProvider, KeyTransport, SignatureInput } from '../core/keys.ts';
import { digestFor, verifySignature } from '../pkix/signature.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { assertCiphertextLength } from './ciphertext.ts';
import { keyFault } from './key-fault.ts';
import { type RemoteCallParts, remoteCalls } from './remote-calls.ts';

/**
 * What a place that keeps a key can do: an HSM, a token, a KMS. Every call is one call of that place. It throws IssuerError
 * (`keyFault`) where it knows the reason, and TypeError for what the key cannot do.
 */
export type RemoteSigner = {
  /** SubjectPublicKeyInfo, DER, as the place gave it when the key was opened. Every signature is verified with it. */
  spki: Uint8Array;
  /** As in KeyProvider; ECDSA-Sig-Value, DER, of an EC key. `signal` aborts when the time is over. */
  sign(input: SignatureInput, signal: AbortSignal): Promise<Uint8Array>;
  /** As in KeyProvider, for an RSA key; the length of the ciphertext is right. */
  decrypt?(ciphertext: Uint8Array, transport: KeyTransport, signal: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
};

/** What is signed to find out whether a key works again: no structure of a CA. */
const TRIAL = Buffer.from('openndes asks whether this key signs');

/** The provider. Throws DerError for a public key that cannot be used. Its calls throw IssuerError, after which the same call can succeed. */
export function remoteKey(signer: RemoteSigner, parts: RemoteCallParts): KeyProvider {
  const { kind, key, spki } = readPublicKey(signer.spki);
  const calls = remoteCalls(parts);
  const sign = async (input: SignatureInput, signal: AbortSignal): Promise<Uint8Array> => {
    const signature = await signer.sign(input, signal);
    const { data, digest, scheme } = input;
    const pss = scheme === 'pss' && digest && kind.type === 'rsa' && { pss: { saltLength: SALT_OCTETS[digest] } };
    if (verifySignature({ algorithm: { type: kind.type, digest, ...pss }, key, data, signature })) return signature;
    throw keyFault('unavailable', `${parts.what}: ${WRONG}`);
  };
  const trial: SignatureInput = { data: TRIAL, digest: digestFor(kind), scheme: 'pkcs1' };
  const provider: KeyProvider = {
    spki,
    kind,
    sign: (input) =>
      calls.run(
        (signal) => sign(input, signal),
        (signal) => sign(trial, signal),
      ),
    standing: calls.standing,
    calls: calls.counted,
    ...(signer.close && { close: () => signer.close?.() }),
  };
  const decrypt = signer.decrypt?.bind(signer);
  if (!decrypt || kind.type !== 'rsa') return provider;
  return {
    ...provider,
    async decrypt(ciphertext, transport) {
      assertCiphertextLength(kind, ciphertext);
      return calls.run((signal) => decrypt(ciphertext, transport, signal));
    },
  };
}

/** Octets of the salt of PSS: those of the hash. */
const SALT_OCTETS = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;

const WRONG =
  'its signature is not one of this key, and was thrown away: another key is at this place now, or the place has a fault';
