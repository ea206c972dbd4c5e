/** Reads PKCS#12 files (RFC 7292): private keys and certificates, as Windows, OpenSSL, keytool and pk12util write them. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { berToDer } from '../../asn1/ber.ts';
import { catchDerError, DerError } from '../../asn1/limits.ts';
import { DerReader } from '../../asn1/reader.ts';
import { explicit, implicit } from '../../asn1/tags.ts';
import type { Digest } from '../../core/keys.ts';
import { ConfigError } from '../../core/errors.ts';
import { decryptWithPassphrase, hmacDigest, pbkdf2Key } from './password-decryption.ts';
import { bmpPassphrase, deriveKey, PURPOSE } from './pkcs12-kdf.ts';

/** PKCS#8 and certificates, DER, in the order of the file. */
export type Pkcs12 = { keys: Uint8Array[]; certificates: Uint8Array[] };

const LIMITS = { depth: 24, nodes: 16_384, size: 1024 * 1024 };
const MOST_BAGS = 256;

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const PBMAC1 = '1.2.840.113549.1.5.14';
const bag = (number: number): string => `1.2.840.113549.1.12.10.1.${number}`;

/** Whether octets begin as a PKCS#12 file does: a SEQUENCE of the version 3 and more. */
export const isPkcs12 = (bytes: Uint8Array): boolean =>
  /^30(?:80|[0-7].|81..|82.{4}|83.{6})020103/.test(Buffer.from(bytes.subarray(0, 12)).toString('hex'));

/**
 * The content of a file. `where` names it for errors, and an empty passphrase stands for none. Throws ConfigError for a wrong
 * passphrase, for a damaged file, and for what is encrypted in a way that is not supported.
 */
export function readPkcs12(bytes: Uint8Array, where: string, passphrase = ''): Pkcs12 {
  return catchDerError(
    () => read(bytes, { where, passphrase }),
    (cause) => {
      throw new ConfigError(
        `${where}: ${cause.message}`,
        'Export the CA again, as PKCS#12 with AES-256, and try that file.',
        {
          cause,
        },
      );
    },
  );
}

type Opened = { where: string; passphrase: string };

function read(bytes: Uint8Array, opened: Opened): Pkcs12 {
  const file = sequenceIn(bytes);
  if (file.smallInteger() !== 3) throw new DerError('not version 3 of PKCS#12');
  const safe = file.sequence();
  if (safe.oid() !== DATA) throw new DerError('a file that is signed, not protected with a passphrase');
  const content = safe.enter(explicit(0)).octetString();
  if (!file.done) assertMac(file.sequence(), content, opened);
  const found: Pkcs12 = { keys: [], certificates: [] };
  sequenceIn(content).each(MOST_BAGS, (list) => readBags(contentOf(list.sequence(), opened), opened, found));
  return found;
}

const sequenceIn = (bytes: Uint8Array): DerReader => DerReader.over(berToDer(bytes, LIMITS).der, LIMITS).sequence();

const wrongPassphrase = ({ where, passphrase }: Opened): ConfigError =>
  new ConfigError(
    `${where}: the passphrase of this file is ${passphrase === '' ? 'missing' : 'wrong'}, or the file is damaged`,
    'Give the passphrase of the export with --passphrase-env NAME.',
  );

/** RFC 7292 4, and RFC 9579 for PBMAC1. */
function assertMac(mac: DerReader, content: Uint8Array, opened: Opened): void {
  const info = mac.sequence();
  const algorithm = info.sequence();
  const expected = info.octetString();
  const salt = mac.octetString();
  const iterations = mac.done ? 1 : mac.smallInteger();
  const id = algorithm.oid();
  const { digest, keys } = id === PBMAC1 ? pbmac1(algorithm, opened) : macKeys(id, { salt, iterations }, opened);
  const fits = keys.some((key) => {
    const actual = createHmac(digest, key).update(content).digest();
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  });
  if (!fits) throw wrongPassphrase(opened);
}

type MacKeys = { digest: Digest; keys: Buffer[] };

const DIGESTS: ReadonlyMap<string, readonly [Digest, octets: number]> = new Map([
  ['1.3.14.3.2.26', ['sha1', 20]],
  ['2.16.840.1.101.3.4.2.4', ['sha224', 28]],
  ['2.16.840.1.101.3.4.2.1', ['sha256', 32]],
  ['2.16.840.1.101.3.4.2.2', ['sha384', 48]],
  ['2.16.840.1.101.3.4.2.3', ['sha512', 64]],
]);

/** An empty passphrase has two forms: nothing at all, and the two zero octets at its end. */
function macKeys(id: string, from: { salt: Uint8Array; iterations: number }, { passphrase }: Opened): MacKeys {
  const [digest, length] = DIGESTS.get(id) ?? [];
  if (!digest || !length) throw new DerError(`the digest ${id} is not supported`);
  const forms = [bmpPassphrase(passphrase), ...(passphrase === '' ? [Buffer.alloc(0)] : [])];
  const keys = forms.map((form) => deriveKey({ digest, passphrase: form, ...from, purpose: PURPOSE.mac, length }));
  return { digest, keys };
}

function pbmac1(algorithm: DerReader, { passphrase }: Opened): MacKeys {
  const parameters = algorithm.sequence();
  const derivation = parameters.sequence();
  const digest = hmacDigest(parameters.sequence().oid());
  const length = [...DIGESTS.values()].find(([name]) => name === digest)?.[1] ?? 0;
  return { digest, keys: [pbkdf2Key(derivation, length)(Buffer.from(passphrase, 'utf8'))] };
}

/** SafeContents, decrypted. */
function contentOf(info: DerReader, opened: Opened): Uint8Array {
  const type = info.oid();
  if (type === DATA) return info.enter(explicit(0)).octetString();
  if (type !== ENCRYPTED_DATA) throw new DerError(`content of the type ${type} is not supported`);
  const encrypted = info.enter(explicit(0)).sequence();
  encrypted.smallInteger();
  const content = encrypted.sequence();
  content.oid();
  const algorithm = content.sequence();
  return decrypted(algorithm, implicitOctets(content), opened);
}

/** `[0] IMPLICIT OCTET STRING`, of which NSS writes the constructed form. */
function implicitOctets(content: DerReader): Uint8Array {
  if (content.tag === implicit(0)) return content.read(implicit(0));
  return Buffer.concat(content.enter(explicit(0)).each(MOST_BAGS * MOST_BAGS, (chunk) => chunk.octetString()));
}

function decrypted(algorithm: DerReader, content: Uint8Array, opened: Opened): Uint8Array {
  try {
    return decryptWithPassphrase(algorithm, content, opened.passphrase);
  } catch (error) {
    if (error instanceof DerError && error.message !== 'wrong padding') throw error;
    throw wrongPassphrase(opened);
  }
}

/** One row for each kind of SafeBag; others, such as CRLs and secrets, are left out. */
const BAGS: ReadonlyMap<string, (value: DerReader, opened: Opened, found: Pkcs12) => void> = new Map([
  [bag(1), (value, _opened, { keys }) => void keys.push(value.element().der)],
  [
    bag(2),
    (value, opened, { keys }) => {
      const shrouded = value.sequence();
      const algorithm = shrouded.sequence();
      keys.push(decrypted(algorithm, shrouded.octetString(), opened));
    },
  ],
  [
    bag(3),
    (value, _opened, { certificates }) => {
      const certificate = value.sequence();
      if (certificate.oid() === X509_CERTIFICATE) certificates.push(certificate.enter(explicit(0)).octetString());
    },
  ],
]);

function readBags(safeContents: Uint8Array, opened: Opened, found: Pkcs12): void {
  sequenceIn(safeContents).each(MOST_BAGS, (list) => {
    const safeBag = list.sequence();
    const read = BAGS.get(safeBag.oid());
    const value = safeBag.enter(explicit(0));
    read?.(value, opened, found);
  });
}
