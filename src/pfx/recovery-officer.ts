/** Recovery officers: people of whom several together can open a key in escrow. The server has their public keys alone. */
import { hash, type KeyObject } from 'node:crypto';
import { catchDerError, DerError } from '../asn1/limits.ts';
import { ConfigError } from '../core/errors.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { readPublicKey } from '../pkix/public-key.ts';

/** `sha256`: of the SubjectPublicKeyInfo, lower-case hexadecimal. It names the officer in what is sealed. */
export type RecoveryOfficer = { name: string; key: KeyObject; sha256: string };

const LEAST_BITS = 2048;
const HOW =
  'Give PEM that begins with -----BEGIN PUBLIC KEY----- (openssl pkey -in officer.key -pubout) or the certificate of the officer.';

/** An officer's public key in a file: PEM of a SubjectPublicKeyInfo or of a certificate, RSA. Throws ConfigError, also for a file with the private half. */
export function readRecoveryOfficer(name: string, bytes: Uint8Array, where: string): RecoveryOfficer {
  const { key, kind, spki } = catchDerError(
    () => readPublicKey(spkiIn(Buffer.from(bytes).toString('latin1'))),
    ({ message }) => {
      throw new ConfigError(`${where}: not a public key of the recovery officer ${name}: ${message}`, HOW);
    },
  );
  if (kind.type !== 'rsa' || kind.bits < LEAST_BITS)
    throw new ConfigError(
      `${where}: the key of the recovery officer ${name} is ${kind.type} of ${kind.bits} bits`,
      'Make an RSA key of 3,072 bits, in a file that only the officer has, or in a token.',
    );
  return { name, key, sha256: hash('sha256', spki, 'hex') };
}

const PEM = /^\s*-----BEGIN (PUBLIC KEY|CERTIFICATE)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;

function spkiIn(text: string): Uint8Array {
  if (text.includes('PRIVATE KEY')) throw new DerError('it has the private half, which no server may have');
  const [, label, base64] = PEM.exec(text) ?? [];
  if (base64 === undefined) throw new DerError('neither one public key nor one certificate in PEM');
  const der = Buffer.from(base64, 'base64');
  return label === 'CERTIFICATE' ? readCertificate(der).spki : der;
}

/**
 * Throws ConfigError when fewer officers can open a key than have to, when fewer than two have to, and when two officers have the same key or the same name: one
 * person would have two shares.
 */
export function assertOfficers(officers: readonly RecoveryOfficer[], required: number): void {
  if (!Number.isSafeInteger(required) || required < 2 || required > officers.length || officers.length > 255)
    throw new ConfigError(
      `${required} of ${officers.length} recovery officers: at least two must be required, and as many must be there`,
      'Name more officers, or require fewer of them; three of whom two are required is usual.',
    );
  for (const property of ['sha256', 'name'] as const)
    if (new Set(officers.map((officer) => officer[property])).size < officers.length)
      throw new ConfigError(
        `two recovery officers have the same ${property === 'name' ? 'name' : 'key'}`,
        'Give each officer a key of their own: nobody may have two shares.',
      );
}
