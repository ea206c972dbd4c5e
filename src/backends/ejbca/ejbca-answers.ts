/** Certificates in the answers of EJBCA. */
import { catchDerError } from '../../asn1/limits.ts';
import { equalBytes } from '../../core/bytes.ts';
import { readCertificate, readValidity } from '../../pkix/certificate.ts';
import { readKey } from '../../pkix/public-key.ts';
import { field } from '../../outbound/untrusted-json.ts';
import { backendFault } from '../backend-fault.ts';
import { keyHashOf } from './ejbca-enrollment.ts';

/** The certificate of an answer, DER. Throws IssuerError when there is none: what became of the order is unknown then. */
export function certificateIn(json: object | undefined): Uint8Array {
  const der = octetsOf(field(json, 'certificate'));
  if (!der) throw backendFault('unknown-outcome', 'EJBCA answered that it made a certificate, and sent none');
  return der;
}

/** Base64 of DER; EJBCA sends base64 of that again where it lists certificates. */
function octetsOf(value: unknown, deeper = true): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined;
  const octets = Buffer.from(value, 'base64');
  if (octets[0] === 0x30) return octets;
  return deeper ? octetsOf(octets.toString('latin1'), false) : undefined;
}

/** The newest of the listed certificates with this key, DER. `but`: a certificate that is not meant. */
export function certificateWithKey(listed: unknown, keyHash: string, but?: Uint8Array): Uint8Array | undefined {
  const found = (Array.isArray(listed) ? listed : [])
    .map((row: { certificate?: unknown } | null) => octetsOf(row?.certificate))
    .filter((der) => der !== undefined)
    .filter((der) => hasKey(der, keyHash) && !(but && equalBytes(der, but)));
  return found.toSorted((a, b) => beginOf(b) - beginOf(a))[0];
}

const hasKey = (der: Uint8Array, keyHash: string): boolean =>
  catchDerError(
    () => keyHashOf(readKey(readCertificate(der).spki).spki) === keyHash,
    () => false,
  );

const beginOf = (der: Uint8Array): number => readValidity(readCertificate(der)).notBefore.getTime();
