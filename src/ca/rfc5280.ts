/** What RFC 5280 demands of a certificate for an end entity, as far as a profile can break it. Each rule names its section. */
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { implicit } from '../asn1/tags.ts';
import { isAscii } from '../asn1/writer.ts';
import type { Extension } from '../core/request.ts';
import { MOST_CHARACTERS } from '../pkix/attribute-bounds.ts';
import { certificateExtensions, readCertificate } from '../pkix/certificate.ts';
import { findExtension, type KeyUsage, readExtendedKeyUsage, readKeyUsage } from '../pkix/extensions.ts';
import { attributeName, readName } from '../pkix/name.ts';
import { EXTENDED_KEY_USAGES, OID, purposeName } from '../pkix/oids.ts';

type Certificate = { subject: Uint8Array; extensions: readonly Extension[] };

/** `broken` says what is wrong; undefined when nothing is. */
type Rule = { section: string; broken: (certificate: Certificate) => string | undefined };

/** Extensions of RFC 5280 and RFC 6960 that must not be critical, or are for CAs, OCSP signers and lists alone. */
const NOT_CRITICAL: ReadonlyMap<string, string> = new Map([
  [OID.authorityKeyIdentifier, '4.2.1.1'],
  [OID.subjectKeyIdentifier, '4.2.1.2'],
  [OID.subjectDirectoryAttributes, '4.2.1.8'],
  ['2.5.29.46', '4.2.1.15'],
  [OID.authorityInfoAccess, '4.2.2.1'],
  ['1.3.6.1.5.5.7.1.11', '4.2.2.2'],
]);
const NOT_OF_END_ENTITIES: ReadonlyMap<string, string> = new Map([
  [OID.nameConstraints, '4.2.1.10'],
  ['2.5.29.33', '4.2.1.5'],
  ['2.5.29.36', '4.2.1.11'],
  ['2.5.29.54', '4.2.1.14'],
]);

const RULES: readonly Rule[] = [
  ...[...NOT_CRITICAL].map(([oid, section]) => ({
    section,
    broken: ({ extensions }: Certificate) =>
      findExtension(extensions, oid)?.critical ? `the extension ${oid} is critical` : undefined,
  })),
  ...[...NOT_OF_END_ENTITIES].map(([oid, section]) => ({
    section,
    broken: ({ extensions }: Certificate) =>
      findExtension(extensions, oid) ? `the extension ${oid} belongs to a CA` : undefined,
  })),
  { section: '4.2', broken: notDer },
  { section: '4.2.1.3', broken: withoutAgreement },
  { section: '4.2.1.4', broken: repeatedPolicy },
  { section: '4.2.1.12', broken: uselessPurposes },
  { section: '4.2.1.6', broken: malformedUri },
  { section: 'A.1', broken: tooLongValue },
];

/** The first rule that a certificate, DER, breaks, and how: `RFC 5280 4.2.1.4: …`; undefined when it keeps all of them. */
export const brokenRule = (der: Uint8Array): string | undefined =>
  catchDerError(
    () => {
      const view = readCertificate(der);
      const certificate = { subject: view.subject, extensions: certificateExtensions(view) };
      for (const { section, broken } of RULES) {
        const what = broken(certificate);
        if (what !== undefined) return `RFC 5280 ${section}: ${what}`;
      }
      return undefined;
    },
    // An extension that is there twice is not read.
    ({ message }) => `RFC 5280 4.2: ${message}`,
  );

function notDer({ extensions }: Certificate): string | undefined {
  const broken = extensions.find(({ value }) => !isOneElement(value));
  return broken && `the value of the extension ${broken.oid} is not one element of DER`;
}

const isOneElement = (value: Uint8Array): boolean =>
  catchDerError(
    () => {
      const reader = DerReader.over(value);
      reader.element();
      reader.end();
      return true;
    },
    () => false,
  );

const usagesOf = ({ extensions }: Certificate): KeyUsage[] => {
  const usage = findExtension(extensions, OID.keyUsage);
  return usage ? readKeyUsage(usage.value) : [];
};

function withoutAgreement(certificate: Certificate): string | undefined {
  const usages = usagesOf(certificate);
  const lost = usages.find((usage) => usage === 'encipherOnly' || usage === 'decipherOnly');
  return lost && !usages.includes('keyAgreement') ? `${lost} without keyAgreement has no meaning` : undefined;
}

function repeatedPolicy({ extensions }: Certificate): string | undefined {
  const policies = findExtension(extensions, OID.certificatePolicies);
  if (!policies) return undefined;
  const oids = DerReader.over(policies.value)
    .sequence()
    .each(MOST_POLICIES, (list) => {
      const policy = list.sequence();
      return policy.oid();
    });
  const twice = oids.find((oid, index) => oids.indexOf(oid) < index);
  return twice === undefined ? undefined : `the policy ${twice} is named twice`;
}
const MOST_POLICIES = 256;

const SIGNS: readonly KeyUsage[] = ['digitalSignature'];
const SIGNS_OR_AGREES: readonly KeyUsage[] = ['digitalSignature', 'keyAgreement'];
/** The usages of which each purpose needs one. Purposes that are not here go with any. */
const CONSISTENT: ReadonlyMap<string, readonly KeyUsage[]> = new Map([
  [EXTENDED_KEY_USAGES.serverAuth, ['digitalSignature', 'keyEncipherment', 'keyAgreement']],
  [EXTENDED_KEY_USAGES.clientAuth, SIGNS_OR_AGREES],
  [EXTENDED_KEY_USAGES.codeSigning, SIGNS],
  [EXTENDED_KEY_USAGES.emailProtection, ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyAgreement']],
  [EXTENDED_KEY_USAGES.timeStamping, ['digitalSignature', 'nonRepudiation']],
]);

function uselessPurposes(certificate: Certificate): string | undefined {
  const purposes = findExtension(certificate.extensions, OID.extendedKeyUsage);
  const usages = usagesOf(certificate);
  const named = purposes ? readExtendedKeyUsage(purposes.value) : [];
  const fits = named.some((purpose) => CONSISTENT.get(purpose)?.some((usage) => usages.includes(usage)) ?? true);
  if (fits) return undefined;
  return `no purpose of ${named.map(purposeName).join(', ')} goes with a key usage of ${usages.join(', ')}`;
}

/** The scheme and what follows it, in the characters of RFC 3986; with `//` a host is there too. */
const URI = /^[a-z][a-z\d+.-]*:(?:\/\/[^/?#]+)?[\w.~!$&'()*+,;=:@%/?#[\]-]*$/i;

/** A URI is the content of `[6]` in the lists of pointers; the first one that is malformed. */
function malformedUri({ extensions }: Certificate): string | undefined {
  const pointers = extensions.filter(({ oid }) => oid === OID.cRLDistributionPoints || oid === OID.authorityInfoAccess);
  const uri = pointers.flatMap(({ value }) => urisIn(value)).find((text) => !URI.test(text) || !isAscii(text));
  return uri === undefined ? undefined : `${JSON.stringify(uri.slice(0, 80))} is no URI of RFC 3986 with its scheme`;
}

function urisIn(der: Uint8Array): string[] {
  const uris: string[] = [];
  const list = DerReader.over(der);
  while (!list.done) {
    const { tag, content } = list.element();
    if (tag === implicit(6)) uris.push(Buffer.from(content).toString('latin1'));
    else if ((tag & CONSTRUCTED) !== 0) uris.push(...urisIn(content));
  }
  return uris;
}
const CONSTRUCTED = 0x20;

function tooLongValue({ subject }: Certificate): string | undefined {
  const long = readName(subject)
    .flat()
    .find(({ type, text }) => text.length > (MOST_CHARACTERS.get(type) ?? Infinity));
  return long && `${attributeName(long.type)} of ${long.text.length} characters, of ${MOST_CHARACTERS.get(long.type)}`;
}
