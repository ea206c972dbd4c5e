/** Certificates as CAs of others give them. */
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { canBeMadeSince } from '../pkix/made-since.ts';
import { readKey } from '../pkix/public-key.ts';
import { backendFault } from './backend-fault.ts';
import { keyHashOf } from './open-order.ts';

const PEM = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g;

/** The certificates of a text, DER: PEM, or base64 of one, or of its base64. What is no certificate is left out. */
export function certificatesIn(text: unknown): Uint8Array[] {
  if (typeof text !== 'string') return [];
  const parts = [...text.matchAll(PEM)].map(([, base64 = '']) => base64);
  const octets = (parts.length > 0 ? parts : [text]).map((base64) => Buffer.from(base64, 'base64'));
  const again = octets.map((each) => (each[0] === 0x30 ? each : Buffer.from(each.toString('latin1'), 'base64')));
  return again.filter((each) => each[0] === 0x30);
}

/** The one of them with this key, as in `keyHashOf`, and else the first one, which is no answer to the order; DER. Throws IssuerError when there is none: what became of the order is unknown then. */
export function certificateFor(wanted: string, given: readonly Uint8Array[], ca: string): Uint8Array {
  const found = given.find((der) => keyHash(der) === wanted) ?? given[0];
  if (!found) throw backendFault('unknown-outcome', `${ca} answered that it made a certificate, and sent none`);
  return found;
}

/** What is looked for. `keyHash`: as in `keyHashOf`; `since`: when it was ordered, at the earliest; `but`: a certificate that is not meant. */
export type SoughtCertificate = { keyHash: string; since?: Date | undefined; but?: Uint8Array | undefined };

/** The newest one with the key that can have been made since then, DER. */
export const newestWithKey = (
  given: readonly Uint8Array[],
  { keyHash: wanted, since, but }: SoughtCertificate,
): Uint8Array | undefined =>
  given
    .filter(
      (der) => keyHash(der) === wanted && !(but && equalBytes(der, but)) && (!since || canBeMadeSince(der, since)),
    )
    .toSorted((a, b) => beginOf(b) - beginOf(a))[0];

/** Undefined where it cannot be read. */
const keyHash = (der: Uint8Array): string | undefined =>
  catchDerError(
    () => keyHashOf(readKey(readCertificate(der).spki).spki),
    () => undefined,
  );

const beginOf = (der: Uint8Array): number => readValidity(readCertificate(der)).notBefore.getTime();
