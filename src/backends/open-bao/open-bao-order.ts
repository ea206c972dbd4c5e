/** What an order says. A role certifies a common name and alternative names; whatever else a request has is refused before it is sent. */
import type { GeneralName } from '../../core/request.ts';
import { Refusal } from '../../core/errors.ts';
import { findExtension, readGeneralNames } from '../../pkix/extensions.ts';
import { ATTRIBUTES, attributeName, comparableAttributes, nameFromText, readName } from '../../pkix/name.ts';
import { OID } from '../../pkix/oids.ts';
import { requestPem } from '../../pkix/pem.ts';
import type { OrderedCertificate } from '../wanted-certificate.ts';

/** What is asked, and how the role changes a subject. */
export type OpenBaoOrder = { csr: Uint8Array; wanted: OrderedCertificate; now: Date; appends?: string | undefined };

/** The body of `sign/ROLE`. `ttl` and not `not_after`: the role limits only the first. Throws Refusal `subject_refused`. */
export function signBody({ csr, wanted, now, appends = '' }: OpenBaoOrder): object {
  const names = namesIn(wanted);
  return {
    csr: requestPem(csr),
    common_name: commonNameIn(wanted.subject, appends),
    exclude_cn_from_sans: true,
    // The one field that takes no list.
    alt_names: [...names.dns, ...names.email].join(','),
    uri_sans: names.uri,
    ip_sans: names.ip,
    other_sans: names.otherName.map((name) => `${OID.userPrincipalName};UTF8:${name}`),
    ttl: `${Math.ceil((wanted.notAfter.getTime() - now.getTime()) / 1000)}s`,
    format: 'pem',
  };
}

/** Empty when there is none. */
function commonNameIn(subject: Uint8Array, appends: string): string {
  const ofRole = new Set(comparableAttributes(nameFromText(appends)));
  const compared = comparableAttributes(subject);
  const left = readName(subject)
    .flat()
    .filter((_, index) => !ofRole.has(compared[index] ?? ''));
  const other = left.find(({ type }) => type !== ATTRIBUTES.CN);
  if (other) throw refused(`the attribute ${attributeName(other.type)} of the subject`);
  if (left.length > 1) throw refused('a second common name');
  return left[0]?.text ?? '';
}

const ORDERED = ['dns', 'email', 'uri', 'ip', 'otherName'] as const;
type Ordered = Record<(typeof ORDERED)[number], string[]>;

function namesIn({ extensions }: OrderedCertificate): Ordered {
  const found = findExtension(extensions, OID.subjectAltName);
  const ordered: Ordered = { dns: [], email: [], uri: [], ip: [], otherName: [] };
  for (const name of found ? readGeneralNames(found.value) : []) ordered[kindOf(name)].push(name.text);
  return ordered;
}

/** Of an otherName that is no user principal name, the text is only the type. */
function kindOf({ type, text }: GeneralName): (typeof ORDERED)[number] {
  const kind = ORDERED.find((each) => each === type);
  const isListed = kind !== 'dns' && kind !== 'email';
  if (!kind || (kind === 'otherName' && /^\d+(\.\d+)+$/.test(text)) || (!isListed && text.includes(',')))
    throw refused(`the subjectAltName ${type}:${JSON.stringify(text.slice(0, 80))}`);
  return kind;
}

const refused = (what: string): Refusal =>
  new Refusal('subject_refused', `${what} cannot be ordered at OpenBao, whose role would leave it out`);
