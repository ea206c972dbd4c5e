/**
 * A reader of key agreement by the rule of BouncyCastle for .NET (2.7.0): it derives the key from a KeyWrapAlgorithm with
 * NULL parameters, whatever the message says. That library runs on none of these machines.
 */
import { createDecipheriv, createPublicKey, diffieHellman, hash } from 'node:crypto';
import { DerReader } from '../../src/asn1/reader.ts';
import type { EnvelopedData } from '../../src/cms/enveloped-data.ts';
import type { Keyed } from './pki.ts';

/** id-aes128-wrap (RFC 3565 2.3.2) as an AlgorithmIdentifier. */
export const WITH_NULL = '300d06096086480165030401050500';
export const WITHOUT = '300b0609608648016503040105';

/** By the curve: the hash of the KDF, and octets of the keys. ECC-CMS-SharedInfo (RFC 5753 7.2), without entityUInfo. */
const RULES: Readonly<Record<string, [digest: string, octets: number, sharedInfo: string]>> = {
  prime256v1: ['sha256', 16, `3017${WITH_NULL}a206040400000080`],
  secp384r1: ['sha384', 24, '3017300d06096086480165030401190500a2060404000000c0'],
  secp521r1: ['sha512', 32, '3017300d060960864801650304012d0500a206040400000100'],
};

/** The content of an envelope to this key: AES-128 for P-256, AES-192 for P-384, AES-256 for P-521. Throws when it was wrapped by another rule. */
export function readByRule(
  { agreements, iv, encryptedContent }: Pick<EnvelopedData, 'agreements' | 'iv' | 'encryptedContent'>,
  { key }: Pick<Keyed, 'key'>,
): Buffer {
  const [digest, octets, sharedInfo] = RULES[key.privateKey.asymmetricKeyDetails!.namedCurve!]!;
  const info = DerReader.over(agreements[0]!).enter(0xa1);
  info.element();
  const spki = Buffer.from(info.enter(0xa0).element().der);
  spki[0] = 0x30;
  info.element();
  const recipient = info.sequence().sequence();
  recipient.element();
  const secret = diffieHellman({
    privateKey: key.privateKey,
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  });
  const shared = Buffer.concat([secret, Buffer.from(`00000001${sharedInfo}`, 'hex')]);
  const wrapping = hash(digest, shared, 'buffer').subarray(0, octets);
  const unwrap = createDecipheriv(`id-aes${octets * 8}-wrap`, wrapping, Buffer.alloc(8, 0xa6));
  const contentKey = Buffer.concat([unwrap.update(recipient.octetString()), unwrap.final()]);
  const decipher = createDecipheriv(`aes-${octets * 8}-cbc`, contentKey, iv);
  return Buffer.concat([decipher.update(encryptedContent), decipher.final()]);
}
