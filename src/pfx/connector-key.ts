/** The public key of Microsoft's connector, to which passwords of imported PKCS#12 files are encrypted. */
import { hash, type KeyObject } from 'node:crypto';
import { catchDerError, DerError } from '../asn1/limits.ts';
import { bitString, nullValue, oid, sequence, unsignedInteger } from '../asn1/writer.ts';
import { ConfigError } from '../core/errors.ts';
import { OID } from '../pkix/oids.ts';
import { readPublicKey } from '../pkix/public-key.ts';

/** An RSA key that was read and compared with its pin. */
export type ConnectorKey = {
  key: KeyObject;
  /** Octets of the modulus. */
  octets: number;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hexadecimal. */
  sha256: string;
};

/** Where the octets come from, for errors, and the SHA-256 that they must have: of the SubjectPublicKeyInfo, hexadecimal, colons allowed. */
export type ConnectorKeySource = { where: string; pin: string };

const LEAST_BITS = 2048;
const MOST_BITS = 4096;
const HOW =
  'Give what Export-IntunePublicKey writes: a file that begins with -----BEGIN PUBLIC KEY-----, or a BCRYPT_RSAPUBLICBLOB.';

/**
 * The key in a file: PEM of a SubjectPublicKeyInfo, or a BCRYPT_RSAPUBLICBLOB of CNG. Throws ConfigError for every other form, for RSA keys of
 * fewer than 2,048 or more than 4,096 bits, and for a key that is not the pinned one.
 */
export function readConnectorKey(bytes: Uint8Array, { where, pin }: ConnectorKeySource): ConnectorKey {
  const { key, kind, spki } = catchDerError(
    () => readPublicKey(spkiIn(bytes)),
    ({ message }) => {
      throw new ConfigError(`${where}: not a public key of the connector: ${message}`, HOW);
    },
  );
  if (kind.type !== 'rsa' || kind.bits < LEAST_BITS || kind.bits > MOST_BITS || kind.bits % 8 !== 0)
    throw new ConfigError(
      `${where}: the public key of the connector is ${kind.type} of ${kind.bits} bits`,
      'Make an RSA key of 2,048 bits on the machine of the connector: Add-IntuneKspKey.',
    );
  const sha256 = hash('sha256', spki, 'hex');
  assertPinned(sha256, { where, pin });
  return { key, octets: kind.bits / 8, sha256 };
}

function assertPinned(sha256: string, { where, pin }: ConnectorKeySource): void {
  if (pin.replaceAll(':', '').toLowerCase() === sha256) return;
  throw new ConfigError(
    `${where}: this public key of the connector is not the pinned one: its SHA-256 is ${sha256}`,
    'Whoever has the private half opens every password. Compare the value on the machine of the connector, then pin it.',
  );
}

const PEM = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/;
/** Magic numbers of CNG (bcrypt.h), as the first four octets of a blob show them. */
const PUBLIC_BLOB = 'RSA1';
const PRIVATE = /^RSA[23]|PRIVATE KEY-----/;

function spkiIn(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  if (PRIVATE.test(text)) throw new DerError('it has the private half, which stays on the machine of the connector');
  if (text.startsWith(PUBLIC_BLOB)) return spkiOfBlob(Buffer.from(bytes));
  const [, base64] = PEM.exec(text) ?? [];
  if (base64 === undefined)
    throw new DerError('neither PEM with BEGIN PUBLIC KEY at its first octet nor a blob of CNG');
  return Buffer.from(base64, 'base64');
}

const HEADER = 24;

/**
 * BCRYPT_RSAKEY_BLOB: six numbers of 32 bits, little-endian (magic, bits, octets of exponent and of modulus, and of two primes, which a
 * public key has not), then exponent and modulus, big-endian.
 */
function spkiOfBlob(blob: Buffer): Uint8Array {
  if (blob.length < HEADER) throw new DerError(`a blob of ${blob.length} octets`);
  const number = (index: number): number => blob.readUInt32LE(4 * index);
  const [bits, exponent, modulus] = [number(1), number(2), number(3)];
  if (
    blob.length !== HEADER + exponent + modulus ||
    number(4) !== 0 ||
    number(5) !== 0 ||
    modulus !== Math.ceil(bits / 8)
  )
    throw new DerError(`a blob of ${blob.length} octets whose header says otherwise`);
  const numbers = [blob.subarray(HEADER + exponent), blob.subarray(HEADER, HEADER + exponent)].map(unsignedInteger);
  return sequence(sequence(oid(OID.rsaEncryption), nullValue), bitString(sequence(...numbers)));
}
