/** A signer certificate of a CA that certified the devices before this server did. */
import { hash } from 'node:crypto';
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import type { EarlierCa } from '../core/earlier-ca.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import {
  certificateExtensions,
  certificateSignature,
  type CertificateView,
  readCertificate,
  readValidity,
  serialText,
  thumbprint,
} from '../pkix/certificate.ts';
import { findExtension, readBasicConstraints } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { publicKeyHash } from '../pkix/public-key.ts';
import { identityOf, isMadeBy } from './certificate-record.ts';
import type { EndpointContext, EnrollmentServices } from './endpoint.ts';
import { type EarlierCertificate, type KnownCertificate, ownByRecord, type RenewedCertificate } from './renewal.ts';

/**
 * The certificate that signed a message, if a CA of `renewalFrom` signed it: the signature decides, not the issuer name,
 * which anyone can forge. When it is recorded here, its record decides: the octets outside the signed part can be changed
 * without the key of the CA, so the store may not find it by all its octets. Throws what the store throws.
 */
export async function earlierCertificate(
  view: CertificateView,
  { endpoint, services }: EndpointContext,
): Promise<KnownCertificate | undefined> {
  const ca = endpoint.renewalFrom?.find(({ certificate }) => isMadeBy(view, certificate));
  const record =
    ca &&
    catchDerError(
      () => factsOf(view, ca),
      () => undefined,
    );
  if (!ca || !record) return undefined;
  const { store } = services;
  const recorded = await store.findCertificate(record);
  return recorded ? sameCertificate(recorded, view, store) : unrecorded(view, { ca, record }, services);
}

/** Undefined for a serial number that the CA has given to two certificates. */
async function sameCertificate(
  recorded: StoredCertificate,
  { tbs }: CertificateView,
  store: Store,
): Promise<KnownCertificate | undefined> {
  const view = readCertificate(recorded.der);
  return equalBytes(view.tbs, tbs) ? ownByRecord(recorded, view, store) : undefined;
}

async function unrecorded(
  view: CertificateView,
  { ca, record }: { ca: EarlierCa; record: RenewedCertificate },
  { store, clock, deadline }: EnrollmentServices,
): Promise<EarlierCertificate> {
  const [renewals, isCompromised] = await Promise.all([
    store.findRenewals(record),
    store.isCompromised(publicKeyHash(view.spki)),
  ]);
  const obstacle = unfitness(view, ca, clock()) ?? (await revocation(record, ca, deadline()));
  return { kind: 'earlier', record, view, renewals, isCompromised, ca: identityOf(ca.certificate).text, obstacle };
}

/** Throws DerError when malformed. */
function factsOf(view: CertificateView, ca: EarlierCa): RenewedCertificate {
  const { notBefore, notAfter } = readValidity(view);
  const { der } = view;
  return {
    issuerId: identityOf(ca.certificate).issuerId,
    serial: serialText(view.serialNumber),
    thumbprint: thumbprint(der),
    thumbprintSha256: hash('sha256', der, 'hex'),
    der,
    notBefore,
    notAfter,
    firstIssuedAt: notBefore,
  };
}

/** Why it renews nothing, whether it is revoked or not. */
function unfitness(view: CertificateView, { certificate }: EarlierCa, now: Date): string | undefined {
  const { notBefore, notAfter } = readValidity(readCertificate(certificate));
  if (now < notBefore || now > notAfter) return 'is of an earlier CA that is not valid now';
  if (certificateSignature(view).algorithm?.digest === 'sha1') return 'is of an earlier CA that signed it with SHA-1';
  return isCa(view) ? 'is of a CA and not of a device' : undefined;
}

/** Also when it cannot be told. */
const isCa = (view: CertificateView): boolean =>
  catchDerError(
    () => {
      const constraints = findExtension(certificateExtensions(view), OID.basicConstraints);
      return constraints !== undefined && readBasicConstraints(constraints.value).ca;
    },
    () => true,
  );

async function revocation(
  { serial }: RenewedCertificate,
  { isRevoked }: EarlierCa,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await isRevoked?.(serial, signal)) ? 'was revoked by the earlier CA' : undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `is of an earlier CA whose revocation list is not known: ${why}`;
  }
}
