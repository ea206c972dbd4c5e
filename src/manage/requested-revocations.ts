/** What becomes of a request of Intune to revoke a certificate. */
import { catchDerError } from '../asn1/limits.ts';
import type { Clock } from '../core/environment.ts';
import type { AuditEntry, RevocationRequest, StoredCertificate } from '../core/records.ts';
import type { CertificateStore } from '../core/store.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { ATTRIBUTES, nameFromText, nameText, readName } from '../pkix/name.ts';
import { serialSpellings, tellsIssuer } from './certificates.ts';

/**
 * `already`: it was revoked before. `unknown`: the issuer is ours, and it has given out no such serial number.
 * `unreadable`: the serial number is none, or names several certificates of this issuer. `foreign`: of another issuer or tenant.
 */
export type RequestedRevocation = 'revoked' | 'already' | 'unknown' | 'unreadable' | 'foreign';

/**
 * What a request is looked up in. `issuers`: the certificates of our CAs, DER, those from before too. `foreignEndpoints`:
 * names; their certificates are of other tenants, or of none, so that this one can revoke none of them.
 */
export type RequestedFrom = {
  tenant: string;
  foreignEndpoints: readonly string[];
  issuers: readonly Uint8Array[];
  store: Pick<CertificateStore, 'findCertificatesBySerial' | 'revoke'>;
  clock: Clock;
};

/** Revokes the certificate if it is one of ours. The same request again is `already`. Throws what the store throws. */
export async function revokeRequested(request: RevocationRequest, from: RequestedFrom): Promise<RequestedRevocation> {
  const found = await findRequested(request, from);
  const [certificate, ...others] = found.filter(({ endpoint }) => !from.foreignEndpoints.includes(endpoint));
  if (!certificate) return found.length > 0 ? 'foreign' : missing(request, from);
  if (others.length > 0) return 'unreadable';
  const { issuerId, serial } = certificate;
  const audit = auditOf(certificate, request, from);
  const isNew = await from.store.revoke({ issuerId, serial }, 'unspecified', audit, {
    tellIssuer: tellsIssuer(certificate),
  });
  return isNew ? 'revoked' : 'already';
}

/** Those of the issuer that the request names. */
async function findRequested(request: RevocationRequest, { store }: RequestedFrom): Promise<StoredCertificate[]> {
  for (const serial of serialSpellings(request.serialNumber)) {
    const found = (await store.findCertificatesBySerial(serial)).filter((each) => isOfIssuer(each, request));
    if (found.length > 0) return found;
  }
  return [];
}

function missing(request: RevocationRequest, { issuers }: RequestedFrom): RequestedRevocation {
  const isOurs = issuers.some((der) => isOf(readCertificate(der).subject, request));
  if (!isOurs) return 'foreign';
  return serialSpellings(request.serialNumber).length > 0 ? 'unknown' : 'unreadable';
}

/** One that cannot be read is of no issuer. */
const issuerOf = (der: Uint8Array): Uint8Array | undefined =>
  catchDerError(
    () => readCertificate(der).issuer,
    () => undefined,
  );

/** Names of an issuer as Intune writes them. */
type IssuerNames = Pick<RevocationRequest, 'issuerName' | 'caConfiguration'>;

/** Whether a certificate is of an issuer with one of these names. The one whose DER was removed has it as text. */
export const isOfIssuer = ({ der, issuer }: StoredCertificate, names: IssuerNames): boolean =>
  isOf(der.length > 0 ? issuerOf(der) : nameOrNone(issuer), names);

const nameOrNone = (text: string): Uint8Array | undefined =>
  catchDerError(
    () => nameFromText(text),
    () => undefined,
  );

/** Intune repeats what the notification said: the whole name, as openndes writes it, or the common name, as others do. */
function isOf(issuer: Uint8Array | undefined, { issuerName, caConfiguration }: IssuerNames): boolean {
  if (!issuer) return false;
  const commonNames = readName(issuer)
    .flat()
    .filter(({ type }) => type === ATTRIBUTES.CN)
    .map(({ text }) => text);
  const ours = new Set([nameText(issuer), ...commonNames].map(folded));
  return [issuerName, caConfiguration].some((name) => name !== undefined && ours.has(folded(name)));
}

/** Characters of a name that Intune keeps. */
const LONGEST = 256;

/** In one spelling, where it can be read as a name, and cut as notifications are. */
const folded = (name: string): string =>
  catchDerError(
    () => nameText(nameFromText(name)),
    () => name.trim(),
  )
    .toLowerCase()
    .slice(0, LONGEST);

function auditOf(
  { endpoint, transactionId, issuerId, serial }: StoredCertificate,
  { requestContext }: RevocationRequest,
  { tenant, clock }: RequestedFrom,
): AuditEntry {
  const detail = `unspecified, request ${requestContext} of tenant ${tenant}`;
  const about = { endpoint, transactionId, issuerId, serial };
  return { at: clock(), event: 'revoked', ...about, actor: { kind: 'system', name: 'Intune' }, source: 'job', detail };
}
