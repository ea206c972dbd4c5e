/** Takes over certificates that another program issued with the key of a CA of this configuration. */
import { pointersIn } from '../pkix/pointers.ts';
import { shardNamed } from '../pkix/shard-urls.ts';
import { catchDerError } from '../asn1/limits.ts';
import type { StoredCertificate } from '../core/records.ts';
import type { CertificateStore, Import, ImportResult, IssuerStore } from '../core/store.ts';
import {
  certificateExtensions,
  type CertificateView,
  readCertificate,
  readValidity,
  serialText,
  thumbprint,
  thumbprintSha256,
} from '../pkix/certificate.ts';
import { certificateNames } from '../pkix/certificate-names.ts';
import { findExtension, readBasicConstraints, readExtendedKeyUsage } from '../pkix/extensions.ts';
import { type IssuerIdentity, issuerIdentity } from '../pkix/issuer-id.ts';
import { nameText, sameName } from '../pkix/name.ts';
import { publicKeyHash } from '../pkix/public-key.ts';
import { INFRASTRUCTURE_PURPOSES, OID, purposeName } from '../pkix/oids.ts';
import { isSignedBy } from '../pkix/signed-by.ts';
import { auditEntry, type Management } from './administrator.ts';

/**
 * A CA of the configuration, DER; its authority; and the name of the endpoint at which its certificates renew, absent where
 * none was named that is of this authority.
 */
export type ImportingCa = { certificate: Uint8Array; authority: string; endpoint?: string };

/** What became of one certificate; `refused`: why nothing was recorded. */
export type Imported = { kind: Exclude<ImportResult, 'conflict'> } | { kind: 'refused'; why: string };

type ImportStore = Pick<CertificateStore, 'importCertificate'> & Pick<IssuerStore, 'registerIssuer'>;

/** Imports one certificate, DER. What it throws is what the store throws. */
export type Importer = (der: Uint8Array) => Promise<Imported>;

/** Certificates of these CAs are imported. Registers the CAs as issuers first. */
export async function certificateImporter(
  management: Management<ImportStore>,
  cas: readonly ImportingCa[],
): Promise<Importer> {
  const known = cas.map((ca) => ({ ...ca, identity: issuerIdentity(ca.certificate) }));
  for (const { identity, authority } of known) await management.store.registerIssuer({ ...identity, authority });
  return async (der) => {
    const entry = catchDerError(
      () => entryOf(der, known, management),
      () => 'not a certificate in PEM or DER (for PKCS #7: openssl pkcs7 -print_certs -in FILE)',
    );
    if (typeof entry === 'string') return { kind: 'refused', why: entry };
    const kind = await management.store.importCertificate(entry);
    if (kind !== 'conflict') return { kind };
    return { kind: 'refused', why: `another certificate of this CA has the serial number ${entry.certificate.serial}` };
  };
}

/** Read once: a folder can have a hundred thousand certificates of one CA. */
type KnownCa = ImportingCa & { identity: IssuerIdentity };

/** What is recorded, or why it must not be. Throws DerError. */
function entryOf(der: Uint8Array, cas: readonly KnownCa[], management: Management<unknown>): Import | string {
  const view = readCertificate(der);
  const named = cas.filter(({ identity }) => sameName(identity.nameDer, view.issuer));
  if (named.length === 0)
    return `no authority of this configuration, and none of its previous CAs, is ${nameText(view.issuer)}`;
  const ca = named.find(({ certificate }) => isSignedBy(view, certificate));
  if (!ca) return `it is not signed with the key of ${nameText(view.issuer)} that this configuration has`;
  const { authority, endpoint: renewsAt } = ca;
  if (renewsAt === undefined)
    return `it is of the authority ${authority}, and the named endpoint is of another one: name one of ${authority} for it`;
  const unfit = unfitness(view);
  if (unfit !== undefined) return unfit;
  const certificate = recordOf(view, { identity: ca.identity, endpoint: renewsAt }, management.clock());
  const { endpoint, transactionId, issuerId, serial } = certificate;
  const audit = auditEntry(management, { event: 'imported', endpoint, transactionId, issuerId, serial });
  return { certificate, names: namesOf(view), audit };
}

/** Whatever is recorded may renew itself, so it must be the certificate of a device. */
function unfitness(view: CertificateView): string | undefined {
  const extensions = certificateExtensions(view);
  const constraints = findExtension(extensions, OID.basicConstraints);
  if (constraints && readBasicConstraints(constraints.value).ca)
    return 'it is the certificate of a CA, not of a device';
  const purposes = findExtension(extensions, OID.extendedKeyUsage);
  const special = purposes && readExtendedKeyUsage(purposes.value).find((each) => INFRASTRUCTURE_PURPOSES.has(each));
  if (special !== undefined) return `it is for ${purposeName(special)}, and not the certificate of a device`;
  const [first = 0] = view.serialNumber;
  if (first >= 0x80 || view.serialNumber.every((octet) => octet === 0))
    return 'its serial number is not positive (RFC 5280 4.1.2.2), and cannot be on a revocation list';
  return undefined;
}

/** Delivered since it began: more about it is not known. */
function recordOf(
  view: CertificateView,
  { identity, endpoint }: { identity: IssuerIdentity; endpoint: string },
  importedAt: Date,
): StoredCertificate {
  const { issuerId, name: issuer } = identity;
  const { notBefore, notAfter } = readValidity(view);
  return {
    issuerId,
    issuer,
    serial: serialText(view.serialNumber),
    endpoint,
    transactionId: '',
    subject: nameText(view.subject),
    thumbprint: thumbprint(view.der),
    thumbprintSha256: thumbprintSha256(view.der).toLowerCase(),
    publicKeyHash: publicKeyHash(view.spki),
    crlShard: shardIn(view),
    der: view.der,
    notBefore,
    notAfter,
    state: 'delivered',
    issuedAt: notBefore,
    firstIssuedAt: notBefore,
    deliveredAt: notBefore,
    importedAt,
  };
}

const namesOf = (view: CertificateView): Import['names'] =>
  catchDerError(
    () => certificateNames(view),
    () => [],
  );

/** Where its pointers cannot be read, it is on the whole list alone. */
const shardIn = (view: CertificateView): number =>
  catchDerError(
    () => shardNamed(pointersIn(view).map(({ uri }) => uri)),
    () => 0,
  );
