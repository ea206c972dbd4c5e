/** What a CA certificate allows below it, and the extensions that say so. */
import { ConfigError } from '../core/errors.ts';
import type { Extension } from '../core/request.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import {
  authorityInfoAccess,
  basicConstraints,
  crlDistributionPoint,
  extendedKeyUsage,
  findExtension,
  keyUsage,
  readPathLength,
} from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { nameConstraints, type NameSubtrees } from './name-subtrees.ts';

/** What a CA certificate says beside its name, its key and its time. Nothing of it is in there unless it is given. */
export type CaLimits = {
  /** How many CAs may be below it: 0 for an issuing CA, which signs end entities only. Without a limit for a root. */
  pathLength?: number;
  /** The names that it may certify, see NameSubtrees. */
  names?: NameSubtrees;
  /** Purposes, dotted OIDs. Verifiers take them as a limit for all that is below. */
  extendedKeyUsage?: readonly string[];
  /** URLs of the revocation list of its issuer: a CDP. */
  crl?: readonly string[];
  /** URLs of the certificate of its issuer: an AIA. */
  caIssuers?: readonly string[];
};

const CA_USAGE = keyUsage(['keyCertSign', 'cRLSign']);

/** Throws ConfigError when the path length of `issuer` leaves no place for a CA that has `below` more CAs below it. */
export function assertRoomBelow(issuer: Uint8Array, below: number): void {
  const view = readCertificate(issuer);
  const value = findExtension(certificateExtensions(view), OID.basicConstraints)?.value;
  const most = value && readPathLength(value);
  if (most === undefined || most > below) return;
  throw new ConfigError(
    `${nameText(view.subject)}: its path length ${most} allows no CA with path length ${below} below it`,
    most === 0 ? 'It signs end entities only: use a CA above it.' : `Use a path length below ${most}.`,
  );
}

/** The extensions of a CA certificate that do not depend on a key. Throws DerError for names that are no subtrees. */
export function caExtensions({
  pathLength,
  names,
  extendedKeyUsage: purposes = [],
  crl = [],
  caIssuers = [],
}: CaLimits): Extension[] {
  const constraints = names && nameConstraints(names);
  return [
    basicConstraints(true, pathLength),
    CA_USAGE,
    ...(constraints ? [constraints] : []),
    ...(purposes.length > 0 ? [extendedKeyUsage(purposes)] : []),
    ...(crl.length > 0 ? [crlDistributionPoint(crl)] : []),
    ...(caIssuers.length > 0 ? [authorityInfoAccess({ caIssuers })] : []),
  ];
}
