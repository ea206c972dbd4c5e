/** Checks an RA certificate that the administrator has made: clients and this server must be able to use it. */
import { X509Certificate } from 'node:crypto';
import type { Weakness } from '../config/yaml/problems.ts';
import { endingStage, endingText } from '../core/ending.ts';
import { ConfigError } from '../core/errors.ts';
import { certificateExtensions, readCertificate, readValidity } from '../pkix/certificate.ts';
import { findExtension, type KeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import { type KeyedCertificate, registrationAuthority } from '../scep/registration-authority.ts';

const USAGES: readonly KeyUsage[] = ['digitalSignature', 'keyEncipherment'];

/**
 * Throws ConfigError for an RA that is not valid at `now`, cannot decrypt, lacks a key usage, or was not issued by `ca`
 * (DER). Returns a warning when it ends soon.
 */
export function assertOwnRa(ra: KeyedCertificate, ca: Uint8Array, now: Date): Weakness | undefined {
  registrationAuthority(ra);
  const view = readCertificate(ra.certificate);
  const text = nameText(view.subject);
  const validity = readValidity(view);
  assertValid(text, validity, now);
  const missing = missingUsages(ra.certificate);
  if (missing.length > 0)
    throw new ConfigError(
      `${text}: the keyUsage of the RA lacks ${missing.join(' and ')}`,
      'Clients encrypt to this certificate and verify replies with it: issue it with both.',
    );
  assertIssued(text, ra.certificate, ca);
  return endingStage(validity.notAfter, now) === undefined
    ? undefined
    : { what: `${text}: the RA ${endingText(validity.notAfter, now)}`, remedy: NEW_RA, ends: true };
}

const NEW_RA = 'Issue a new one, and keep this one under `retired`, or let the server make it with `ra: auto`.';

function assertValid(text: string, { notBefore, notAfter }: { notBefore: Date; notAfter: Date }, now: Date): void {
  if (notAfter < now) throw new ConfigError(`${text}: the RA expired at ${notAfter.toISOString()}`, NEW_RA);
  if (notBefore > now)
    throw new ConfigError(
      `${text}: the RA is valid only from ${notBefore.toISOString()}`,
      'Check the clock of this machine, and of the one that issued it.',
    );
}

/** Of what an RA must be allowed to do; none without the extension (RFC 5280 4.2.1.3). */
export function missingUsages(certificate: Uint8Array): KeyUsage[] {
  const usage = findExtension(certificateExtensions(readCertificate(certificate)), OID.keyUsage)?.value;
  const allowed = usage && readKeyUsage(usage);
  return allowed ? USAGES.filter((each) => !allowed.includes(each)) : [];
}

function assertIssued(text: string, ra: Uint8Array, ca: Uint8Array): void {
  const [own, issuer] = [new X509Certificate(ra), new X509Certificate(ca)];
  if (own.checkIssued(issuer) && own.verify(issuer.publicKey)) return;
  throw new ConfigError(
    `${text}: the RA was not issued by ${nameText(readCertificate(ca).subject)}`,
    'Clients trust an RA that the CA of this authority has issued: issue it with this CA.',
  );
}
