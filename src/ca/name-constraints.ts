/** The names that a CA may certify (RFC 5280 4.2.1.10): a certificate with others is rejected by every verifier. */
import { DerReader } from '../asn1/reader.ts';
import { explicit, implicit } from '../asn1/tags.ts';
import { sequence } from '../asn1/writer.ts';
import { Refusal } from '../core/errors.ts';
import type { CertificationRequest } from '../core/request.ts';
import { findExtension } from '../pkix/extensions.ts';
import { readGeneralName } from '../pkix/general-name.ts';
import { isEmptyName, nameText, readName, sameName } from '../pkix/name.ts';
import { OID } from '../pkix/oids.ts';

/** A name or the base of a subtree: the identifier octet of its GeneralName, and the content. */
type TaggedName = { tag: number; content: Uint8Array };

/** The subtrees of one CA. Names of a kind that no permitted subtree has are permitted. */
export type NameConstraints = { permitted: TaggedName[]; excluded: TaggedName[] };

const [EMAIL, DNS, DIRECTORY, URI, IP] = [implicit(1), implicit(2), explicit(4), implicit(6), implicit(7)];
const MOST_SUBTREES = 1024;

/** Reads the value of the extension. Throws DerError. */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const constraints = DerReader.over(value).sequence();
  const subtrees = (choice: number): TaggedName[] =>
    constraints.enterIf(explicit(choice))?.each(MOST_SUBTREES, (list) => list.sequence().element()) ?? [];
  return { permitted: subtrees(0), excluded: subtrees(1) };
}

/** The permitted and excluded names for people: `only dns:example.com; never dns:secret.example.com`. */
export const constraintsText = ({ permitted, excluded }: NameConstraints): string =>
  [
    ...(permitted.length > 0 ? [`only ${permitted.map(subtreeText).join(', ')}`] : []),
    ...(excluded.length > 0 ? [`never ${excluded.map(subtreeText).join(', ')}`] : []),
  ].join('; ');

const LABELS: Readonly<Record<number, string>> = { [EMAIL]: 'email', [DNS]: 'dns', [URI]: 'uri' };

function subtreeText({ tag, content }: TaggedName): string {
  if (tag === DIRECTORY) return `directory:${nameText(content)}`;
  if (tag === IP) return `ip:${rangeText(content)}`;
  const label = LABELS[tag];
  return label === undefined ? 'names of another kind' : `${label}:${ascii(content)}`;
}

const rangeText = (content: Uint8Array): string => {
  const half = content.length / 2;
  const [address, mask] = [content.subarray(0, half), content.subarray(half)];
  return half === 4 ? `${address.join('.')}/${mask.join('.')}` : Buffer.from(content).toString('hex');
};

/** Throws Refusal `subject_refused` for a name that the CA may not certify. Kinds of otherName are not compared. */
export function assertPermitted({ permitted, excluded }: NameConstraints, csr: CertificationRequest): void {
  for (const name of namesOf(csr)) {
    const ofKind = permitted.filter(({ tag }) => tag === name.tag);
    const outside = ofKind.length > 0 && !ofKind.some((subtree) => isWithin(name, subtree));
    if (outside || excluded.some((subtree) => subtree.tag === name.tag && isWithin(name, subtree)))
      throw new Refusal('subject_refused', `${quoted(name)} is outside the nameConstraints of the CA`);
  }
}

const quoted = (name: TaggedName): string =>
  name.tag === IP ? `the address ${name.content.join('.')}` : JSON.stringify(subtreeText(name).slice(0, 80));

/** The names to which constraints apply: the subject, its mail addresses, and those of the subjectAltName. */
function namesOf({ subject, extensions }: CertificationRequest): TaggedName[] {
  const mails = readName(subject)
    .flat()
    .filter(({ type }) => type === OID.emailAddress)
    .map(({ text }) => ({ tag: EMAIL, content: Buffer.from(text) }));
  const alternative = findExtension(extensions, OID.subjectAltName)?.value;
  const others = alternative
    ? DerReader.over(alternative)
        .sequence()
        .each(MOST_NAMES, (list) => DerReader.over(readGeneralName(list).der).element())
    : [];
  return [...(isEmptyName(subject) ? [] : [{ tag: DIRECTORY, content: subject }]), ...mails, ...others];
}

const MOST_NAMES = 2048;
const ascii = (content: Uint8Array): string => Buffer.from(content).toString('latin1');

type Match = (name: Uint8Array, base: Uint8Array) => boolean;

/** One row for each kind of name that RFC 5280 defines constraints for. */
const MATCHES: ReadonlyMap<number, Match> = new Map([
  [DNS, (name, base) => isDomainBelow(ascii(name), ascii(base).replace(/^\./, ''))],
  [EMAIL, (name, base) => isMailWithin(ascii(name), ascii(base))],
  [URI, (name, base) => isHostWithin(hostOf(ascii(name)), ascii(base))],
  [IP, isAddressWithin],
  [DIRECTORY, isBelow],
]);

const isWithin = (name: TaggedName, { tag, content }: TaggedName): boolean =>
  MATCHES.get(tag)?.(name.content, content) ?? false;

/** The domain itself, or one with more labels on the left. */
function isDomainBelow(name: string, base: string): boolean {
  const [domain, above] = [name.toLowerCase(), base.toLowerCase()];
  return above === '' || domain === above || domain.endsWith(`.${above}`);
}

/** A host stands for itself alone, and with a leading dot for all below it. */
const isHostWithin = (host: string, base: string): boolean =>
  base.startsWith('.') ? host.toLowerCase().endsWith(base.toLowerCase()) : host.toLowerCase() === base.toLowerCase();

/** One mailbox, or all of a host. */
function isMailWithin(mail: string, base: string): boolean {
  const [local, host = ''] = splitMail(mail);
  if (!base.includes('@')) return isHostWithin(host, base);
  const [onlyLocal, onlyHost = ''] = splitMail(base);
  return local === onlyLocal && isHostWithin(host, onlyHost);
}

const splitMail = (mail: string): string[] => {
  const at = mail.lastIndexOf('@');
  return [mail.slice(0, at), mail.slice(at + 1)];
};

/** Empty where there is none: such a URI is within no subtree. */
const hostOf = (uri: string): string => /^[a-z][a-z\d+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#]+)/i.exec(uri)?.[1] ?? '';

function isAddressWithin(name: Uint8Array, base: Uint8Array): boolean {
  const length = name.length;
  if (base.length !== 2 * length) return false;
  return name.every((octet, i) => (octet & (base[length + i] ?? 0)) === ((base[i] ?? 0) & (base[length + i] ?? 0)));
}

/** Whether the name begins with all RDNs of the base. */
function isBelow(name: Uint8Array, base: Uint8Array): boolean {
  const rdns = (der: Uint8Array): Uint8Array[] =>
    DerReader.over(der)
      .sequence()
      .each(MOST_RDNS, (list) => list.element().der);
  const [own, above] = [rdns(name), rdns(base)];
  return own.length >= above.length && sameName(sequence(...own.slice(0, above.length)), base);
}

const MOST_RDNS = 256;
