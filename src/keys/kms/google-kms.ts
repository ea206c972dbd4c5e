/** Keys in Google Cloud KMS, over REST. Every answer is compared by its CRC-32C and by the name of the key. */
import { createPublicKey } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';
import type { Digest, SignatureInput, SignatureScheme } from '../../core/keys.ts';
import { digestInfo, givenDigest, hashed } from '../hashed.ts';
import { keyFault } from '../key-fault.ts';
import { assertKnown, type KeyUri } from '../key-uri.ts';
import type { RemoteSigner } from '../remote-key.ts';
import { crc32c } from './crc32c.ts';
import { assertSafeUrl } from './safe-url.ts';
import { objectOf, type KmsCall, type KmsReply, kmsFault, textOf } from './kms-call.ts';

/** `name`: of a version of a key. `origin`: of the service. */
export type GoogleKeyUri = { name: string; origin: string };

const NAME = /^projects\/[\w:.-]+\/locations\/[\w-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+\/cryptoKeyVersions\/\d+$/;

/** `gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`. Throws ConfigError. */
export function readGoogleKeyUri({ path: name, query }: KeyUri): GoogleKeyUri {
  assertKnown(query, ['endpoint'], 'gcpkms');
  if (!NAME.test(name))
    throw new ConfigError(
      'a `gcpkms:` key that is no version of a key',
      'Write it like `gcpkms:projects/pki/locations/europe-west3/keyRings/ca/cryptoKeys/issuing/cryptoKeyVersions/1`.',
    );
  const endpoint = query.get('endpoint') ?? 'https://cloudkms.googleapis.com';
  return { name, origin: assertSafeUrl(endpoint, '`endpoint` of a `gcpkms:` key').origin };
}

/** How a key signs: each version has one algorithm. RAW ones of RSA sign what is padded here as a DigestInfo. */
type Algorithm = { scheme?: SignatureScheme; digest?: Digest; raw: boolean };

const ALGORITHM =
  /^(?:EC_SIGN_P(?:256|384)|RSA_SIGN_(?<raw>RAW_)?(?<scheme>PKCS1|PSS)_\d+)(?:_SHA(?<size>256|384|512))?$/;

/** Asks for the public key. Throws IssuerError, and ConfigError for a key that does not sign certificates. */
export async function googleSigner(
  { name, origin }: GoogleKeyUri,
  call: KmsCall,
  signal: AbortSignal,
): Promise<RemoteSigner> {
  const url = `${origin}/v1/${name}`;
  const found = await call({ method: 'GET', url: `${url}/publicKey` }, signal);
  if (found.status !== 200) throw faultOf(found);
  const pem = textOf(found.body, 'pem');
  assertSame(found, name, [[Buffer.from(pem), 'pemCrc32c']]);
  const algorithm = readAlgorithm(textOf(found.body, 'algorithm'));
  return {
    spki: createPublicKey(pem).export({ format: 'der', type: 'spki' }),
    async sign(input, within) {
      const reply = await call(
        { method: 'POST', url: `${url}:asymmetricSign`, body: orderOf(algorithm, input) },
        within,
      );
      if (reply.status !== 200) throw faultOf(reply);
      const signature = Buffer.from(textOf(reply.body, 'signature'), 'base64');
      assertSame(reply, name, [[signature, 'signatureCrc32c']]);
      if (reply.body[algorithm.raw ? 'verifiedDataCrc32c' : 'verifiedDigestCrc32c'] !== true)
        throw keyFault('unavailable', 'Google Cloud KMS: it did not compare what it got by its CRC-32C');
      return signature;
    },
  };
}

function readAlgorithm(text: string): Algorithm {
  const { raw, scheme, size } = ALGORITHM.exec(text)?.groups ?? {};
  if (!ALGORITHM.test(text) || (raw === undefined && size === undefined))
    throw new ConfigError(
      `a Google Cloud KMS key with the algorithm ${/^\w{1,60}$/.test(text) ? text : 'of another kind'}`,
      'Make a version with EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384 or RSA_SIGN_PKCS1_3072_SHA256.',
    );
  return {
    raw: raw !== undefined,
    ...(scheme !== undefined && { scheme: scheme === 'PSS' ? 'pss' : 'pkcs1' }),
    ...(size !== undefined && { digest: `sha${size}` as Digest }),
  };
}

/** Throws TypeError for what the version does not sign. */
function orderOf({ raw, ...own }: Algorithm, input: SignatureInput): object {
  const digest = givenDigest(input);
  if ((own.digest && own.digest !== digest) || (own.scheme && own.scheme !== input.scheme))
    throw new TypeError(`the Google Cloud KMS key does not sign ${input.scheme} with ${digest}`);
  if (raw) {
    const data = digestInfo(input.data, digest);
    return { data: base64(data), dataCrc32c: String(crc32c(data)) };
  }
  const hash = hashed(input.data, digest);
  return { digest: { [digest]: base64(hash) }, digestCrc32c: String(crc32c(hash)) };
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** Throws IssuerError when the answer is about another key, or was changed on its way. */
function assertSame({ body }: KmsReply, name: string, parts: readonly (readonly [Uint8Array, string])[]): void {
  if (body['name'] !== name) throw keyFault('unavailable', 'Google Cloud KMS: the answer is about another key');
  // Numbers of 64 bits are text in JSON.
  if (parts.every(([octets, field]) => String(body[field]) === String(crc32c(octets)))) return;
  throw keyFault('unavailable', 'Google Cloud KMS: the answer was changed on its way: its CRC-32C is another one');
}

/** The status and the words of the service. A version that is disabled or destroyed has FAILED_PRECONDITION. */
function faultOf(reply: KmsReply) {
  const error = objectOf(reply.body, 'error');
  const status = textOf(error, 'status');
  const said = [status, textOf(error, 'message')].filter(Boolean).join(': ');
  return kmsFault('Google Cloud KMS', reply, said, status === 'FAILED_PRECONDITION' ? 'misconfigured' : undefined);
}
