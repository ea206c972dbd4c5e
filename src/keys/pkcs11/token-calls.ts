/** Signs and decrypts with one key of a token, in several sessions at once. Runs in a process of its own. */
import { semaphore } from '../../core/semaphore.ts';
import type { Digest, KeyKind, KeyTransport, SignatureInput } from '../../core/keys.ts';
import { readKeyKind } from '../../pkix/public-key.ts';
import { ecdsaSignature } from '../ecdsa-signature.ts';
import { digestInfo, givenDigest, hashed } from '../hashed.ts';
import { decodeOaep } from '../oaep.ts';
import { CK, type Handle, type Mechanism } from './cryptoki.ts';
import type { TokenKey } from './token-key.ts';
import type { TokenSession } from './token-session.ts';

/** `decrypt` as in KeyProvider. Both reject with what the module says. */
export type TokenCalls = {
  sign: (input: SignatureInput) => Promise<Uint8Array>;
  decrypt: (ciphertext: Uint8Array, transport: KeyTransport) => Promise<Uint8Array>;
};

/** Sessions of one key. Each belongs to one call at a time. */
const SESSIONS = 4;

/** The calls of a key. A session is opened when it is needed first. */
export function tokenCalls(token: TokenSession, { key, spki }: TokenKey): TokenCalls {
  const { cryptoki, slot } = token;
  const kind = readKeyKind(spki);
  const turns = semaphore({ permits: SESSIONS, queue: Infinity });
  const free: Handle[] = [token.session];

  async function inSession<T>(work: (session: Handle) => Promise<T>): Promise<T> {
    const result = await turns.run(async () => {
      const session = free.pop() ?? cryptoki.C_OpenSession(slot, CK.CKF_SERIAL_SESSION | CK.CKF_RW_SESSION);
      try {
        return await work(session);
      } finally {
        free.push(session);
      }
    });
    if (result === 'busy') throw new Error('no session of the token is free');
    return result;
  }

  return {
    sign: (input) =>
      inSession(async (session) => {
        const { mechanism, data, octets } = signing(kind, input);
        cryptoki.C_SignInit(session, mechanism, key);
        const signature = await cryptoki.C_SignAsync(session, Buffer.from(data), Buffer.alloc(octets));
        return kind.type === 'ec' ? ecdsaSignature(signature) : signature;
      }),
    decrypt: (ciphertext, transport) =>
      inSession(async (session) => {
        const pkcs1 = transport.scheme === 'pkcs1';
        cryptoki.C_DecryptInit(session, { mechanism: pkcs1 ? CK.CKM_RSA_PKCS : CK.CKM_RSA_X_509 }, key);
        const octets = Math.ceil(kind.bits / 8);
        const block = await decrypted(token, session, Buffer.from(ciphertext), octets);
        if (pkcs1) return block;
        // Some modules leave out the zeros at the beginning.
        const whole = Buffer.concat([Buffer.alloc(octets - block.length), block]);
        return decodeOaep(whole, transport.hash, transport.mgf1Hash);
      }),
  };
}

type Signing = { mechanism: Mechanism; data: Uint8Array; octets: number };

function signing(kind: KeyKind, input: SignatureInput): Signing {
  const { data, scheme } = input;
  const digest = givenDigest(input);
  const octets = Math.ceil(kind.bits / 8);
  if (kind.type === 'ec') {
    // FIPS 186-5 6.4.1: the leftmost bits of a hash that is longer than the field.
    const hash = hashed(data, digest).subarray(0, octets);
    return { mechanism: { mechanism: CK.CKM_ECDSA }, data: hash, octets: 2 * octets };
  }
  if (scheme === 'pkcs1') return { mechanism: { mechanism: CK.CKM_RSA_PKCS }, data: digestInfo(data, digest), octets };
  const hash = hashed(data, digest);
  const parameter = { type: CK.CK_PARAMS_RSA_PSS, ...PSS[digest], saltLen: hash.length };
  return { mechanism: { mechanism: CK.CKM_RSA_PKCS_PSS, parameter }, data: hash, octets };
}

/** The numbers of a hash and of MGF1 with it. */
const PSS: Readonly<Record<Digest, { hashAlg: number; mgf: number }>> = {
  sha1: { hashAlg: CK.CKM_SHA_1, mgf: 1 },
  sha224: { hashAlg: CK.CKM_SHA224, mgf: 5 },
  sha256: { hashAlg: CK.CKM_SHA256, mgf: 2 },
  sha384: { hashAlg: CK.CKM_SHA384, mgf: 3 },
  sha512: { hashAlg: CK.CKM_SHA512, mgf: 4 },
};

/**
 * Modules report wrong padding by different values, among them CKR_GENERAL_ERROR. While the session lives, it is no fault of the
 * token, and the answer is no octets, as KeyProvider demands.
 */
async function decrypted(
  { cryptoki }: TokenSession,
  session: Handle,
  ciphertext: Buffer,
  octets: number,
): Promise<Uint8Array> {
  try {
    return await cryptoki.C_DecryptAsync(session, ciphertext, Buffer.alloc(octets));
  } catch {
    cryptoki.C_GetSessionInfo(session);
    return new Uint8Array();
  }
}
