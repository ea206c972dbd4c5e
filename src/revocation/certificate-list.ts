/** Writes the full certificate revocation list of an issuing CA (RFC 5280 5). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { explicit, TAG } from '../asn1/tags.ts';
import {
  bitString,
  encode,
  headerSize,
  sequence,
  smallInteger,
  time,
  unsignedInteger,
  writeHeader,
} from '../asn1/writer.ts';
import type { Digest, KeyProvider } from '../core/keys.ts';
import { ConfigError } from '../core/errors.ts';
import { certificateExtensions, type CertificateView } from '../pkix/certificate.ts';
import {
  authorityKeyIdentifier,
  findExtension,
  issuingDistributionPoint,
  readKeyUsage,
  writeExtension,
} from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { digestFor, signatureIdentifier } from '../pkix/signature.ts';
import { readCaCertificate } from '../ca/ca-certificate.ts';
import { entryWriter, type Revocation } from './list-entries.ts';
import { inTurns, joined, lengthOf } from './list-octets.ts';

/** What a list is made of. */
export type RevocationListPlan = {
  /** The issuing CA: certificate, DER, and its key. */
  issuer: { certificate: Uint8Array; key: KeyProvider };
  /** Also in pages, each of which is written before the next one is read. */
  revoked: readonly Revocation[] | AsyncIterable<readonly Revocation[]>;
  thisUpdate: Date;
  /** Milliseconds from thisUpdate to nextUpdate. */
  validity: number;
  /** cRLNumber (5.2.3): a whole number greater than that of every earlier list of this CA. */
  number: number;
  /** URLs of a list that has only the certificates whose distribution point has one of them (5.2.5); absent for all. */
  onlyAt?: readonly string[];
  /** Told how many more entries the list has. */
  counted?: (more: number) => void;
};

/**
 * A version 2 CRL, DER. An entry stays for one validity of the list after its certificate has expired: it may be removed
 * only after a list issued later than that has had it (RFC 5280 3.3). Throws ConfigError when the issuer's certificate
 * is not that of a CA, is not valid at `thisUpdate`, or may not sign lists.
 */
export async function writeCrl(plan: RevocationListPlan): Promise<Uint8Array> {
  const { issuer, revoked, thisUpdate, validity, number, onlyAt } = plan;
  const ca = readCaCertificate(issuer.certificate, thisUpdate);
  if (!maySignCrl(ca.view))
    throw new ConfigError(
      `${ca.text}: may not sign revocation lists`,
      'Its keyUsage must have cRLSign. certs/README.md shows how.',
    );
  const digest = digestFor(issuer.key.kind);
  const ends = new Date(thisUpdate.getTime() + validity);
  const entries = await entriesOf(
    revoked,
    (notAfter) => notAfter.getTime() + validity >= thisUpdate.getTime(),
    plan.counted,
  );
  const before = [VERSION_2, signatureIdentifier(issuer.key.kind, digest), ca.subject, time(thisUpdate), time(ends)];
  const all = [authorityKeyIdentifier(ca.keyIdentifier), crlNumber(number)];
  const extensions = [...all, ...(onlyAt ? [issuingDistributionPoint(onlyAt)] : [])].map(writeExtension);
  const tbs = nested([
    ...before,
    // RFC 5280 5.1.2.6: revokedCertificates is absent when there are none.
    ...(entries.length > 0 ? nested(entries) : []),
    encode(explicit(0), sequence(...extensions)),
  ]);
  const signature = await signed(tbs, issuer.key, digest);
  return joined(nested([...tbs, signatureIdentifier(issuer.key.kind, digest), bitString(signature)]));
}

/** The parts of a SEQUENCE of these parts. */
function nested(parts: readonly Uint8Array[]): Uint8Array[] {
  const length = lengthOf(parts);
  const header = new Uint8Array(headerSize(length));
  writeHeader(header, 0, TAG.sequence, length);
  return [header, ...parts];
}

const signed = async (tbs: readonly Uint8Array[], key: KeyProvider, digest: Digest | undefined): Promise<Uint8Array> =>
  key.signParts && digest
    ? key.signParts(inTurns(tbs), digest)
    : key.sign({ data: await joined(tbs), digest, scheme: 'pkcs1' });

/** Entries that are written before other work gets its turn: a millisecond. */
const AT_ONCE = 250;

/** The octets of those that are to be listed, in parts. */
async function entriesOf(
  revoked: RevocationListPlan['revoked'],
  isListed: (notAfter: Date) => boolean,
  counted?: (more: number) => void,
): Promise<Uint8Array[]> {
  const write = entryWriter();
  const parts: Uint8Array[] = [];
  for await (const page of Symbol.asyncIterator in revoked ? revoked : [revoked])
    for (let from = 0; from < page.length; from += AT_ONCE) {
      const listed = page.slice(from, from + AT_ONCE).filter(({ notAfter }) => isListed(notAfter));
      if (listed.length > 0) parts.push(write(listed));
      counted?.(listed.length);
      if (page.length > AT_ONCE) await nextTurn();
    }
  return parts;
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
