/** A certificate that a request would get, for people: what is in it, and what of the request is not. */
import { catchDerError } from '../asn1/limits.ts';
import type { CertificationRequest, Extension } from '../core/request.ts';
import type { CertificatePlan } from '../pkix/certificate.ts';
import { findExtension, readExtendedKeyUsage, readGeneralNames, readKeyUsage } from '../pkix/extensions.ts';
import { nameText } from '../pkix/name.ts';
import { namedOid } from '../pkix/oid-names.ts';
import { OID, purposeName } from '../pkix/oids.ts';

/** `key`: `rsa 2048`. Times are ISO 8601. */
export type PlanFacts = {
  subject: string;
  key: string;
  notBefore: string;
  notAfter: string;
  keyUsage: string[];
  extendedKeyUsage: string[];
  subjectAltName: string[];
  otherExtensions: string[];
};

/** What is in the certificate. */
export function planFacts(plan: CertificatePlan, csr: CertificationRequest): PlanFacts {
  const { extensions } = plan;
  return {
    subject: nameText(plan.subject),
    key: `${csr.key.type} ${csr.key.bits}`,
    notBefore: plan.notBefore.toISOString(),
    notAfter: plan.notAfter.toISOString(),
    keyUsage: usages(extensions),
    extendedKeyUsage: purposes(extensions),
    subjectAltName: altNames(extensions),
    otherExtensions: others(extensions),
  };
}

/** What was requested and is not in the certificate, by the name of the extension; empty lists are left out. */
export function notGranted(csr: CertificationRequest, plan: CertificatePlan): Record<string, string[]> {
  const lost = {
    keyUsage: missing(usages(csr.extensions), usages(plan.extensions)),
    extendedKeyUsage: missing(purposes(csr.extensions), purposes(plan.extensions)),
    extensionsNotCopied: others(csr.extensions),
  };
  return Object.fromEntries(Object.entries(lost).filter(([, texts]) => texts.length > 0));
}

/** The names that are requested: `dns:host.example.com`. */
export const altNames = (all: readonly Extension[]): string[] =>
  read(all, OID.subjectAltName, (value) => readGeneralNames(value).map(({ type, text }) => `${type}:${text}`));

const NAMED: ReadonlySet<string> = new Set([OID.keyUsage, OID.extendedKeyUsage, OID.subjectAltName]);
const others = (all: readonly Extension[]): string[] => all.filter(({ oid }) => !NAMED.has(oid)).map(extensionText);
const extensionText = ({ oid, critical }: Extension): string => `${namedOid(oid)}${critical ? ' critical' : ''}`;

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

const missing = (asked: readonly string[], granted: readonly string[]): string[] =>
  asked.filter((each) => !granted.includes(each));
