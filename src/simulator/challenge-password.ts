/**
 * The challenge password of a device: the request that its profile expects, encrypted and then signed. It is base64,
 * fits into a PrintableString, and is as long as Intune's, because servers have failed on the length.
 *
 *   Challenge ::= SEQUENCE { version INTEGER, keyId OCTET STRING, iv OCTET STRING, encrypted OCTET STRING,
 *                            signature OCTET STRING }
 *
 * `encrypted` is AES-256-GCM with its tag, `signature` is ECDSA over everything before it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { catchDerError, DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { octetString, sequence, smallInteger } from '../asn1/writer.ts';
import type { RandomBytes } from '../core/environment.ts';
import { generateKey, keyFromPem } from '../keys/software.ts';
import { fromBase64 } from './base64.ts';
import type { IntuneCode } from './intune-codes.ts';
import type { ChallengeIds } from './challenge-targets.ts';
import { ControlError } from './control-error.ts';
import type { Expectation } from './expectation.ts';
import { guid } from './guid.ts';
import type { SimulatorState } from './state.ts';

/** The content of a challenge. Times in ISO 8601. */
export type Challenge = {
  tenantId: string;
  deviceId: string;
  userId: string;
  profileId: string;
  challengeCreation: string;
  challengeExpiration: string;
  expectation: Expectation;
};

/** The keys of the challenges. `id` names them in a challenge; `encryption` is an AES-256 key. */
export type ChallengeKeys = {
  id: Buffer;
  encryption: Buffer;
  signing: KeyObject;
  verifying: KeyObject;
  /** A signing key of before, whose challenges are refused with a code of their own. */
  replaced: KeyObject;
};

/** A challenge, base64, and the ids in it. */
export type MintedChallenge = ChallengeIds & { challenge: string };

const VERSION = 1;
const CIPHER = 'aes-256-gcm';
const IV_OCTETS = 12;
const TAG_OCTETS = 16;
const DEFAULT_VALIDITY = 3600;
/** Octets; as base64, with the other fields, at least 2,700 characters. */
const MIN_CONTENT = 2048;
/** Octets, far above any profile. A longer challenge would not fit into a certification request. */
const MAX_CONTENT = 65_536;

/** The keys in the state, parsed. Throws when they are not valid. */
export function challengeKeys({ challengeKeys: { signing: pem, encryption: key } }: SimulatorState): ChallengeKeys {
  const encryption = Buffer.from(key, 'base64');
  const signing = keyFromPem(pem, 'the signing key in the state of the simulator').privateKey;
  const id = createHash('sha256').update(encryption).digest().subarray(0, 8);
  const replaced = generateKey('p256').privateKey;
  return { id, encryption, signing, verifying: createPublicKey(signing), replaced };
}

type Minting = { keys: ChallengeKeys; tenantId: string; now: Date; random: RandomBytes };

/** A new challenge for the expected request. Throws ControlError when its content exceeds 64 KiB. */
export function mintChallenge(expectation: Expectation, { keys, tenantId, now, random }: Minting): MintedChallenge {
  const lifetime = (expectation.validitySeconds ?? DEFAULT_VALIDITY) * 1000;
  const ids = {
    deviceId: expectation.deviceId ?? guid(random),
    userId: expectation.userId ?? guid(random),
    profileId: expectation.profileId ?? guid(random),
  };
  const content: Challenge = {
    tenantId,
    ...ids,
    challengeCreation: now.toISOString(),
    challengeExpiration: new Date(now.getTime() + lifetime).toISOString(),
    expectation,
  };
  const octets = Buffer.from(JSON.stringify(content).padEnd(MIN_CONTENT));
  if (octets.length > MAX_CONTENT) throw new ControlError(`The expectation exceeds ${MAX_CONTENT} octets.`);
  const signing = expectation.signer === 'replaced' ? keys.replaced : keys.signing;
  return { challenge: seal(octets, { ...keys, signing }, random).toString('base64'), ...ids };
}

function seal(content: Buffer, keys: ChallengeKeys, random: RandomBytes): Buffer {
  const iv = random(IV_OCTETS);
  const cipher = createCipheriv(CIPHER, keys.encryption, iv);
  const encrypted = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  const parts = [smallInteger(VERSION), octetString(keys.id), octetString(iv), octetString(encrypted)];
  const signature = sign('sha256', Buffer.concat(parts), keys.signing);
  return Buffer.from(sequence(...parts, octetString(signature)));
}

/** The content of a challenge, or the code of what is wrong with it. The caller checks times and tenant. */
export function openChallenge(text: string, keys: ChallengeKeys): Challenge | IntuneCode {
  const blob = fromBase64(text);
  if (!blob) return 'ChallengeDecodingError';
  const parts = deserialize(blob);
  if (!parts) return 'ChallengeDeserializationError';
  if (!keys.id.equals(parts.keyId)) return 'ChallengeDecryptionError';
  const isOf = (key: KeyObject): boolean => verify('sha256', parts.signed, key, parts.signature);
  if (!isOf(keys.verifying))
    return isOf(createPublicKey(keys.replaced)) ? 'SigningCertThumbprintMismatch' : 'SignatureValidationFailed';
  return JSON.parse(decrypt(parts, keys).toString('utf8')) as Challenge;
}

type Parts = { keyId: Uint8Array; iv: Uint8Array; encrypted: Uint8Array; signed: Uint8Array; signature: Uint8Array };

const deserialize = (blob: Buffer): Parts | undefined =>
  catchDerError(
    () => {
      const outer = DerReader.over(blob);
      const content = outer.read(TAG.sequence);
      outer.end();
      return readParts(content);
    },
    () => undefined,
  );

function readParts(content: Uint8Array): Parts {
  const reader = DerReader.over(content);
  if (reader.smallInteger() !== VERSION) throw new DerError('unknown version of a challenge');
  const [keyId, iv, encrypted] = [reader.octetString(), reader.octetString(), reader.octetString()];
  const last = reader.raw(TAG.octetString);
  reader.end();
  const signature = DerReader.over(last).octetString();
  return { keyId, iv, encrypted, signed: content.subarray(0, content.length - last.length), signature };
}

// The signature was verified, so a failure here is a fault of the simulator and not of the challenge.
function decrypt({ iv, encrypted }: Parts, keys: ChallengeKeys): Buffer {
  const tag = encrypted.subarray(-TAG_OCTETS);
  const decipher = createDecipheriv(CIPHER, keys.encryption, iv, { authTagLength: TAG_OCTETS }).setAuthTag(tag);
  return Buffer.concat([decipher.update(encrypted.subarray(0, -TAG_OCTETS)), decipher.final()]);
}
