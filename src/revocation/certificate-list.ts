/** Writes the full certificate revocation list of an issuing CA (RFC 5280 5). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { explicit, TAG } from '../asn1/tags.ts';
import { encode, sequence, smallInteger, time, unsignedInteger } from '../asn1/writer.ts';
import type { KeyProvider } from '../core/keys.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../core/issuer.ts';
import { ConfigError } from '../core/errors.ts';
import { certificateExtensions, type CertificateView } from '../pkix/certificate.ts';
import { authorityKeyIdentifier, findExtension, readKeyUsage, writeExtension } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { digestFor, signatureIdentifier, signStructure } from '../pkix/signature.ts';
import { readCaCertificate } from '../ca/ca-certificate.ts';

/** An entry of the list, and when the certificate expires. */
export type Revocation = {
  /** Unsigned magnitude, big-endian. */
  serialNumber: Uint8Array;
  revokedAt: Date;
  reason: RevocationReason;
  notAfter: Date;
};

/** What a list is made of. */
export type RevocationListPlan = {
  /** The issuing CA: certificate, DER, and its key. */
  issuer: { certificate: Uint8Array; key: KeyProvider };
  revoked: readonly Revocation[];
  thisUpdate: Date;
  /** Milliseconds from thisUpdate to nextUpdate. */
  validity: number;
  /** cRLNumber (5.2.3): a whole number greater than that of every earlier list of this CA. */
  number: number;
};

/**
 * A version 2 CRL, DER. An entry stays for one validity of the list after its certificate has expired: it may be removed
 * only after a list issued later than that has had it (RFC 5280 3.3). Throws ConfigError when the issuer's certificate
 * is not that of a CA, is not valid at `thisUpdate`, or may not sign lists.
 */
export async function writeCrl(plan: RevocationListPlan): Promise<Uint8Array> {
  const { issuer, revoked, thisUpdate, validity, number } = plan;
  const ca = readCaCertificate(issuer.certificate, thisUpdate);
  if (!maySignCrl(ca.view))
    throw new ConfigError(
      `${ca.text}: may not sign revocation lists`,
      'Its keyUsage must have cRLSign. certs/README.md shows how.',
    );
  const digest = digestFor(issuer.key.kind);
  const listed = revoked.filter(({ notAfter }) => notAfter.getTime() + validity >= thisUpdate.getTime());
  const tbs = sequence(
    VERSION_2,
    signatureIdentifier(issuer.key.kind, digest),
    ca.subject,
    time(thisUpdate),
    time(new Date(thisUpdate.getTime() + validity)),
    // RFC 5280 5.1.2.6: revokedCertificates is absent when there are none.
    ...(listed.length > 0 ? [sequence(...(await entries(listed)))] : []),
    encode(
      explicit(0),
      sequence(writeExtension(authorityKeyIdentifier(ca.keyIdentifier)), writeExtension(crlNumber(number))),
    ),
  );
  return signStructure(tbs, issuer.key, digest);
}

/** Whether a certificate allows its key to sign CRLs: it has no keyUsage, or one with cRLSign (RFC 5280 4.2.1.3). */
export function maySignCrl(certificate: CertificateView): boolean {
  const usage = findExtension(certificateExtensions(certificate), OID.keyUsage);
  return !usage || readKeyUsage(usage.value).includes('cRLSign');
}

const VERSION_2 = smallInteger(1);

const crlNumber = (number: number) => ({
  oid: OID.cRLNumber,
  critical: false,
  value: unsignedInteger(Buffer.from(number.toString(16).padStart(16, '0'), 'hex')),
});

/** Entries that are written before other work gets its turn: a few milliseconds. */
const AT_ONCE = 500;

/** The octets of all entries, in parts. */
async function entries(listed: readonly Revocation[]): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < listed.length; from += AT_ONCE) {
    parts.push(Buffer.concat(listed.slice(from, from + AT_ONCE).map(entry)));
    if (listed.length > AT_ONCE) await nextTurn();
  }
  return parts;
}

const entry = ({ serialNumber, revokedAt, reason }: Revocation): Uint8Array =>
  sequence(unsignedInteger(serialNumber), time(revokedAt), ...ENTRY_EXTENSIONS[reason]);

const reasonCode = (reason: RevocationReason): Uint8Array =>
  writeExtension({
    oid: OID.reasonCode,
    critical: false,
    value: encode(TAG.enumerated, Uint8Array.of(REVOCATION_REASONS[reason])),
  });

/** RFC 5280 5.3.1: `unspecified` is expressed by no reason code. Encoded once, because entries repeat them. */
const ENTRY_EXTENSIONS = Object.fromEntries(
  (Object.keys(REVOCATION_REASONS) as RevocationReason[]).map((reason) => [
    reason,
    reason === 'unspecified' ? [] : [sequence(reasonCode(reason))],
  ]),
) as Record<RevocationReason, Uint8Array[]>;
