/** Writes PKCS#12 files (RFC 7292) with one private key, its certificate and the chain; `keys/pkcs12/` reads them. */
import { createHmac, createPrivateKey, createPublicKey, hash } from 'node:crypto';
import { explicit, implicit, TAG } from '../asn1/tags.ts';
import { encode, nullValue, octetString, oid, sequence, setOf, smallInteger } from '../asn1/writer.ts';
import { equalBytes } from '../core/bytes.ts';
import type { RandomBytes } from '../core/environment.ts';
import type { Digest } from '../core/keys.ts';
import { bmpPassphrase, deriveKey, PURPOSE } from '../keys/pkcs12/pkcs12-kdf.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { readKey } from '../pkix/public-key.ts';
import { type LockedContent, lockedWith3Des, lockedWithAes, type PasswordLock } from './password-encryption.ts';
import { isPlainPassword } from './pfx-password.ts';

/** What goes into a file. */
export type PfxContent = {
  /** PKCS#8, DER, in clear. The caller may overwrite it afterwards. */
  key: Uint8Array;
  /** The certificate of the key, DER. */
  certificate: Uint8Array;
  /** The CAs above it, DER, the issuing one first; without the root, which a file cannot make trusted. */
  chain: readonly Uint8Array[];
  /** How Windows and other programs name the entry; without characters beyond 16 bits, which a BMPString lacks. */
  friendlyName: string;
};

/** How a file is protected. `password`: printable ASCII, as `newPfxPassword` makes it. */
export type PfxProtection = { profile: PfxProfileName; password: string; random: RandomBytes };

type PfxScheme = {
  lock: (content: Uint8Array, lock: PasswordLock) => LockedContent;
  /** Of each of the three derivations: key, certificates and MAC. */
  iterations: number;
  mac: { digest: Digest; id: string; octets: number };
};

/**
 * `compat`: 3DES and HMAC with SHA-1, 2,000 iterations, as Windows exports; old macOS, iOS, Android and Windows Server read nothing else.
 * `modern`: AES-256 and SHA-256, 30,000 iterations in all, because new .NET limits their sum. There is no RC2 in either.
 */
const PROFILES = {
  compat: { lock: lockedWith3Des, iterations: 2000, mac: { digest: 'sha1', id: '1.3.14.3.2.26', octets: 20 } },
  modern: {
    lock: lockedWithAes,
    iterations: 10_000,
    mac: { digest: 'sha256', id: '2.16.840.1.101.3.4.2.1', octets: 32 },
  },
} as const satisfies Readonly<Record<string, PfxScheme>>;

/** The name of a profile. */
export type PfxProfileName = keyof typeof PROFILES;
/** The names of the profiles; the first one is the default. */
export const PFX_PROFILES = Object.keys(PROFILES) as readonly PfxProfileName[];

const DATA = oid('1.2.840.113549.1.7.1');
const ENCRYPTED_DATA = oid('1.2.840.113549.1.7.6');
const SHROUDED_KEY = oid('1.2.840.113549.1.12.10.1.2');
const CERTIFICATE = oid('1.2.840.113549.1.12.10.1.3');
const X509_CERTIFICATE = oid('1.2.840.113549.1.9.22.1');
const FRIENDLY_NAME = oid('1.2.840.113549.1.9.20');
const LOCAL_KEY_ID = oid('1.2.840.113549.1.9.21');

/**
 * The file, DER. Throws RangeError, which never quotes a secret, when the key is not that of the certificate, when the password is not
 * printable ASCII, and for a friendlyName that a BMPString cannot hold.
 */
export function writePkcs12(content: PfxContent, protection: PfxProtection): Uint8Array {
  assertUsable(content, protection);
  const scheme: PfxScheme = PROFILES[protection.profile];
  const lock = { password: protection.password, iterations: scheme.iterations, random: protection.random };
  const locked = (bags: Uint8Array): LockedContent => scheme.lock(bags, lock);
  const safe = sequence(encryptedData(locked(certificateBags(content))), data(keyBags(content, locked)));
  return sequence(smallInteger(3), data(safe), macData(safe, scheme, lock));
}

function assertUsable({ key, certificate, friendlyName }: PfxContent, { password }: PfxProtection): void {
  if (!isPlainPassword(password)) throw new RangeError('the password of a PKCS#12 file is not printable ASCII');
  if (!/^[^\0\ud800-\udfff]+$/.test(friendlyName))
    throw new RangeError('a friendlyName is empty, or has a character that a BMPString lacks');
  const spki = createPublicKey(createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }));
  const own = readKey(spki.export({ format: 'der', type: 'spki' })).spki;
  if (!equalBytes(own, readKey(readCertificate(certificate).spki).spki))
    throw new RangeError('the private key is not that of the certificate');
}

/** ContentInfo (RFC 5652 3) with data in clear. */
const data = (content: Uint8Array): Uint8Array => sequence(DATA, encode(explicit(0), octetString(content)));

/** ContentInfo with EncryptedData (RFC 5652 8). */
const encryptedData = ({ algorithm, encrypted }: LockedContent): Uint8Array =>
  sequence(
    ENCRYPTED_DATA,
    encode(explicit(0), sequence(smallInteger(0), sequence(DATA, algorithm, encode(implicit(0), encrypted)))),
  );

const bag = (id: Uint8Array, value: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array =>
  sequence(id, encode(explicit(0), value), ...(attributes.length > 0 ? [setOf(...attributes)] : []));

const attribute = (id: Uint8Array, value: Uint8Array): Uint8Array => sequence(id, setOf(value));

/** By these a reader finds the certificate of the key. Key and certificate have the same. */
const attributesOf = ({ friendlyName, certificate }: PfxContent): Uint8Array[] => [
  attribute(FRIENDLY_NAME, encode(TAG.bmpString, Buffer.from(friendlyName, 'utf16le').swap16())),
  attribute(LOCAL_KEY_ID, octetString(hash('sha1', certificate, 'buffer'))),
];

const keyBags = (content: PfxContent, locked: (bags: Uint8Array) => LockedContent): Uint8Array => {
  const { algorithm, encrypted } = locked(content.key);
  return sequence(bag(SHROUDED_KEY, sequence(algorithm, octetString(encrypted)), attributesOf(content)));
};

const certificateBag = (der: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array =>
  bag(CERTIFICATE, sequence(X509_CERTIFICATE, encode(explicit(0), octetString(der))), attributes);

const certificateBags = (content: PfxContent): Uint8Array =>
  sequence(
    certificateBag(content.certificate, attributesOf(content)),
    ...content.chain.map((der) => certificateBag(der, [])),
  );

/** RFC 7292 4 and B. */
function macData(safe: Uint8Array, { mac }: PfxScheme, { password, iterations, random }: PasswordLock): Uint8Array {
  const salt = random(20);
  const from = { digest: mac.digest, passphrase: bmpPassphrase(password), salt, iterations };
  const key = deriveKey({ ...from, purpose: PURPOSE.mac, length: mac.octets });
  const value = createHmac(mac.digest, key).update(safe).digest();
  const info = sequence(sequence(oid(mac.id), nullValue), octetString(value));
  return sequence(info, octetString(salt), smallInteger(iterations));
}
