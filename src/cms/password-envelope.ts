/** EnvelopedData for a password (RFC 5652 6.2.4): writes it, and opens it as a client does. */
import { DerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { explicit, TAG } from '../asn1/tags.ts';
import { type ContentCipher, cipherByOid } from './algorithms.ts';
import { decryptContent } from './content-encryption.ts';
import { type EnvelopedData, type EnvelopePlan, writeEnvelope } from './enveloped-data.ts';
import {
  functionDigest,
  keyFromPassword,
  passwordRecipientInfo,
  type PasswordDerivation,
  PBKDF2,
  PWRI_KEK,
  unwrapped,
} from './password-recipient.ts';

/** More take minutes. Writers use from two thousand to two million. */
const MOST_ITERATIONS = 10_000_000;

/** ContentInfo with EnvelopedData, DER, for every reader that has the password. Throws TypeError for a cipher that is not AES. */
export async function writePasswordEnvelope(plan: EnvelopePlan & { password: string }): Promise<Uint8Array> {
  const { password, cipher, random } = plan;
  if (!cipher.keyWrap) throw new TypeError(`no password recipient for ${cipher.name}`);
  const contentKey = random(cipher.keyBytes);
  const info = await passwordRecipientInfo(password, contentKey, plan);
  // RFC 5652 6.1: version 3 with a PasswordRecipientInfo.
  return writeEnvelope(plan, contentKey, { version: 3, info });
}

type PasswordRecipient = {
  derivation: PasswordDerivation;
  /** The cipher of the key encryption. */
  cipher: ContentCipher;
  iv: Uint8Array;
  encryptedKey: Uint8Array;
};

/**
 * The content; undefined when no recipient info is for a password in a supported algorithm. Throws DerError when there is
 * one and it does not open. An error is safe here: the client verified the signature of the RA before it decrypts.
 */
export async function openPasswordEnvelope(
  { passwords, cipher, iv, encryptedContent }: EnvelopedData & { cipher: ContentCipher },
  password: string,
): Promise<Uint8Array | undefined> {
  const recipient = passwords.map(readPasswordRecipient).find((info) => info !== undefined);
  if (!recipient) return undefined;
  const key = await keyFromPassword(password, recipient.derivation);
  const contentKey = unwrapped(recipient.encryptedKey, { ...recipient, key });
  if (contentKey.length !== cipher.keyBytes) throw new DerError(`content key of ${contentKey.length} octets`);
  return decryptContent(cipher, contentKey, iv, encryptedContent);
}

/** Undefined without a key derivation, which is another secret than a password, and for unsupported algorithms. */
function readPasswordRecipient(recipientInfo: Uint8Array): PasswordRecipient | undefined {
  const info = DerReader.over(recipientInfo).enter(explicit(3));
  info.smallInteger();
  const derivation = info.enterIf(explicit(0));
  const encryption = info.sequence();
  const encryptedKey = info.octetString();
  if (derivation?.oid() !== PBKDF2 || encryption.oid() !== PWRI_KEK) return undefined;
  const wrap = encryption.sequence();
  const cipher = cipherByOid(wrap.oid());
  if (!cipher?.keyWrap) return undefined;
  const parameters = readDerivation(derivation.sequence(), cipher);
  return parameters && { derivation: parameters, cipher, iv: readIv(wrap, cipher), encryptedKey };
}

function readIv(wrap: DerReader, { blockBytes }: ContentCipher): Uint8Array {
  const iv = wrap.octetString();
  if (iv.length !== blockBytes) throw new DerError(`IV of ${iv.length} octets`);
  return iv;
}

/** PBKDF2-params, RFC 8018 A.2. Undefined for a function that is not supported. */
function readDerivation(parameters: DerReader, { keyBytes }: ContentCipher): PasswordDerivation | undefined {
  const salt = parameters.octetString();
  const iterations = parameters.smallInteger();
  if (iterations < 1 || iterations > MOST_ITERATIONS) throw new DerError(`${iterations} iterations of PBKDF2`);
  const length = parameters.tag === TAG.integer ? parameters.smallInteger() : keyBytes;
  if (length !== keyBytes) throw new DerError(`a derived key of ${length} octets`);
  const digest = functionDigest(parameters.enterIf(TAG.sequence)?.oid() ?? SHA_1);
  return digest && { salt, iterations, digest, keyBytes };
}

/** HMAC with SHA-1, the default of PBKDF2-params. */
const SHA_1 = '1.2.840.113549.2.7';
