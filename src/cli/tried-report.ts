/** What `profiles test` prints of one endpoint: the certificate that a request would get, and what of the request is not in it. */
import { catchDerError } from '../asn1/limits.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { CertificatePlan } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readGeneralNames, readKeyUsage } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { OID, purposeName } from '../pkix/oids.ts';
import type { Tried } from '../app/tried-profiles.ts';
import { oidText } from './explained-names.ts';

/** Facts by name. `refused` begins with the code of docs/errors.md. */
export function triedReport(tried: Tried, csr: CertificationRequest): Record<string, unknown> {
  const { endpoint, profile, compared } = tried;
  const names = compared ? 'compared by the policy' : 'not compared by the policy';
  if ('refused' in tried) return { endpoint, profile, names, refused: `${tried.code}: ${tried.refused}` };
  const { requestedValidity: wish } = csr;
  return {
    endpoint,
    profile,
    names,
    certificate: certificateFacts(tried.plan, csr),
    ...(wish && { requestedValidity: `${wish.count} ${wish.unit}` }),
    ...notGranted(csr, tried.plan),
  };
}

function certificateFacts(plan: CertificatePlan, csr: CertificationRequest): Record<string, unknown> {
  const { extensions } = plan;
  return {
    subject: nameText(plan.subject),
    key: `${csr.key.type} ${csr.key.bits}`,
    notBefore: plan.notBefore.toISOString(),
    notAfter: plan.notAfter.toISOString(),
    keyUsage: listed(usages(extensions)),
    extendedKeyUsage: listed(purposes(extensions)),
    subjectAltName: listed(altNames(extensions)),
    otherExtensions: listed(extensions.filter(({ oid }) => !NAMED.has(oid)).map(extensionText)),
  };
}

const NAMED: ReadonlySet<string> = new Set([OID.keyUsage, OID.extendedKeyUsage, OID.subjectAltName]);
const listed = (texts: readonly string[]): string => texts.join(', ') || 'none';
const extensionText = ({ oid, critical }: Extension): string => `${oidText(oid)}${critical ? ' critical' : ''}`;

/** What an extension says; nothing when it is absent or malformed. */
const read = (all: readonly Extension[], oid: string, reader: (value: Uint8Array) => string[]): string[] => {
  const found = findExtension(all, oid);
  return found
    ? catchDerError(
        () => reader(found.value),
        () => [],
      )
    : [];
};
const usages = (all: readonly Extension[]): string[] => read(all, OID.keyUsage, readKeyUsage);
const purposes = (all: readonly Extension[]): string[] =>
  read(all, OID.extendedKeyUsage, (value) => readExtendedKeyUsage(value).map(purposeName));
const altNames = (all: readonly Extension[]): string[] =>
  read(all, OID.subjectAltName, (value) => readGeneralNames(value).map(({ type, text }) => `${type}:${text}`));

/** What was requested and is not in the certificate. */
function notGranted(csr: CertificationRequest, plan: CertificatePlan): { notGranted?: Record<string, string> } {
  const lost = [
    ['keyUsage', missing(usages(csr.extensions), usages(plan.extensions))],
    ['extendedKeyUsage', missing(purposes(csr.extensions), purposes(plan.extensions))],
    ['extensionsNotCopied', csr.extensions.filter(({ oid }) => !NAMED.has(oid)).map(extensionText)],
  ] as const;
  const facts = Object.fromEntries(
    lost.flatMap(([name, texts]) => (texts.length > 0 ? [[name, texts.join(', ')]] : [])),
  );
  return Object.keys(facts).length > 0 ? { notGranted: facts } : {};
}

const missing = (asked: readonly string[], granted: readonly string[]): string[] =>
  asked.filter((each) => !granted.includes(each));
