/**
 * Renewal (RFC 8894 2.3, 3.3.1): a valid certificate of this server, or of an earlier CA that the endpoint names, authorizes
 * its successor, without a challenge.
 */
import { catchDerError } from '../asn1/limits.ts';
import { equalBytes } from '../core/bytes.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateStore } from '../core/store.ts';
import { type CertificateView, certificateExtensions, serialText } from '../pkix/certificate.ts';
import { findExtension, readGeneralNames } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';
import type { Endpoint, EndpointContext } from './endpoint.ts';

/** What is known about a certificate that signed a message, from its record or from itself. */
export type RenewedCertificate = Pick<
  StoredCertificate,
  'issuerId' | 'serial' | 'thumbprint' | 'thumbprintSha256' | 'der' | 'notBefore' | 'notAfter' | 'firstIssuedAt'
>;

/**
 * The parsed certificate from the message, the certificates that renew it, and whether its key was revoked as compromised,
 * also in another certificate.
 */
type Signed = { view: CertificateView; renewals: readonly StoredCertificate[]; isCompromised: boolean };

/** A certificate of this server that signed a message, and its record. */
export type OwnCertificate = Signed & { kind: 'own'; record: StoredCertificate };

/**
 * A certificate of an EarlierCa that signed a message. `ca` is the subject of that CA; `obstacle`: why the certificate is
 * not trusted.
 */
export type EarlierCertificate = Signed & {
  kind: 'earlier';
  record: RenewedCertificate;
  ca: string;
  obstacle: string | undefined;
};

/** A certificate that may be permission for its successor. */
export type KnownCertificate = OwnCertificate | EarlierCertificate;

/**
 * The certificate that signed a message with its record, if this server issued it, with this CA or an earlier one. The
 * store decides, not the issuer name, which anyone can forge. A certificate that names itself as issuer is not looked for:
 * that avoids a query at each first enrolment.
 */
export async function ownCertificate(
  view: CertificateView,
  store: Pick<CertificateStore, 'findCertificatesBySerial' | 'findRenewals' | 'isCompromised'>,
): Promise<OwnCertificate | undefined> {
  if (equalBytes(view.subject, view.issuer)) return undefined;
  const records = await store.findCertificatesBySerial(serialText(view.serialNumber));
  const record = records.find(({ der }) => equalBytes(der, view.der));
  return record && ownByRecord(record, view, store);
}

/** The certificate of this record. Throws what the store throws. */
export async function ownByRecord(
  record: StoredCertificate,
  view: CertificateView,
  store: Pick<CertificateStore, 'findRenewals' | 'isCompromised'>,
): Promise<OwnCertificate> {
  const [renewals, isCompromised] = await Promise.all([
    store.findRenewals(record),
    store.isCompromised(record.publicKeyHash),
  ]);
  return { kind: 'own', record, view, renewals, isCompromised };
}

/** How many renewals one certificate has at most: one, and one more when the reply to the first was lost. */
export const MOST_RENEWALS = 2;

/**
 * The first condition that does not hold, as text; undefined when the certificate may be renewed. Clients send
 * RenewalReq or PKCSReq for it, so the message type does not matter.
 */
export const obstacleTo = (
  renewed: KnownCertificate,
  csr: Pick<CertificationRequest, 'subjectText' | 'extensions'>,
  context: EndpointContext,
): string | undefined =>
  [...conditions(renewed, context), ...names(renewed, csr, context.endpoint)].find(([holds]) => !holds)?.[1];

type Condition = readonly [boolean, string];

/** RFC 8894 2.3 leaves the conditions to the CA. NDES has these; each prevents an attack that worked against a peer. */
function conditions(renewed: KnownCertificate, { endpoint, services }: EndpointContext): Condition[] {
  const { record, isCompromised } = renewed;
  const now = services.clock();
  const left = record.notAfter.getTime() - now.getTime();
  const age = now.getTime() - record.firstIssuedAt.getTime();
  const { renewal, renewBefore, maxLifetime } = endpoint;
  return [
    [renewal !== false, 'may not renew here, because `renewal` is off'],
    ...origin(renewed, endpoint),
    [!isCompromised, 'has a key that was revoked as compromised'],
    [now >= record.notBefore && left > 0, 'is not valid now'],
    [renewBefore === undefined || left <= renewBefore, 'is not in its renewal window yet'],
    [maxLifetime === undefined || age < maxLifetime, 'is of a line of renewals that has reached `maxLifetime`'],
    [mayRenewAgain(renewed, endpoint.retention, now), 'was renewed already'],
  ];
}

/** The record tells about a certificate of this server; its CA does about one of an earlier CA. */
const origin = (renewed: KnownCertificate, { name }: Endpoint): Condition[] =>
  renewed.kind === 'own'
    ? [
        [renewed.record.endpoint === name, 'belongs to another endpoint'],
        [renewed.record.state === 'delivered', 'is revoked or was never delivered'],
      ]
    : [[renewed.obstacle === undefined, renewed.obstacle ?? '']];

/** Once, and once more within the retention: then the reply to the first renewal can have been lost. */
function mayRenewAgain({ renewals }: KnownCertificate, retention: number, now: Date): boolean {
  const delivered = renewals.filter(({ state, deliveredAt }) => state !== 'revoked' || deliveredAt !== undefined);
  const [first] = delivered;
  if (!first) return true;
  return delivered.length < MOST_RENEWALS && now.getTime() - first.issuedAt.getTime() < retention;
}

/** Letter by letter, whatever the string types: to some systems `CN=Ada` and `CN=ada` are two people. */
const names = (
  { view }: KnownCertificate,
  { subjectText, extensions }: Pick<CertificationRequest, 'subjectText' | 'extensions'>,
  { issuer }: Endpoint,
): Condition[] => [
  // From the certificate: the store replaces halves of characters (lone surrogates).
  [
    hasSubject(nameText(view.subject), subjectText, issuer.capabilities?.appends),
    'has another subject than the request',
  ],
  [isSubset(altNames(extensions), altNames(certificateExtensions(view))), 'has not all names of the request'],
];

/** The CA may have appended something to the subject that was requested; a device names the one or the other. */
const hasSubject = (certified: string, requested: string, appended = ''): boolean =>
  certified === requested ||
  (appended !== '' && certified === [requested, appended].filter((part) => part !== '').join(','));

/** The DER of each subjectAltName, hexadecimal; undefined when the extension cannot be read. */
function altNames(extensions: readonly Extension[]): Set<string> | undefined {
  const extension = findExtension(extensions, OID.subjectAltName);
  return catchDerError(
    () => new Set(extension && readGeneralNames(extension.value).map(({ der }) => Buffer.from(der).toString('hex'))),
    () => undefined,
  );
}

const isSubset = (some: ReadonlySet<string> | undefined, all: ReadonlySet<string> | undefined): boolean =>
  some !== undefined && all !== undefined && [...some].every((name) => all.has(name));
