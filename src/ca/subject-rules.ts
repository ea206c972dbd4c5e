/** What a profile says about the subject: which attributes it has, with which values, and what is appended to it. */
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { sequence } from '../asn1/writer.ts';
import type { CertificationRequest } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { attributeName, attributeType, type NameAttribute, nameFromText, nameText, readName } from '../pkix/name.ts';
import { nameCheck } from './name-limits.ts';
import { compiledPattern } from './pattern.ts';
import type { Profile } from './profile.ts';
import type { SubjectRules } from './subject-fault.ts';

/** What is wrong with the attributes of a subject, as text; undefined when nothing is. */
type Rule = (attributes: readonly NameAttribute[]) => string | undefined;

/** The request with the subject that is certified. Throws Refusal `subject_refused` for names that the profile does not allow. */
export type NamesOf = (csr: CertificationRequest) => CertificationRequest;

/** The rules of a profile about names, compiled once. Throws DerError when what is appended is no name of RFC 4514. */
export function compiledNames({ names, subject = {} }: Pick<Profile, 'names' | 'subject'>): NamesOf {
  const assertLimits = nameCheck(names);
  const rules = subjectRules(subject);
  const fixed = fixedAttributes(subject.append);
  return (csr) => {
    const own = fixed.without(csr);
    assertLimits(csr, own.subjectText);
    const attributes = rules.length > 0 ? readName(own.subject).flat() : [];
    for (const broken of rules) refuse(broken(attributes));
    return fixed.appended(own);
  };
}

function refuse(what: string | undefined): void {
  if (what !== undefined) throw new Refusal('subject_refused', what);
}

function subjectRules({ require = [], forbid = [], values = {}, maxLength }: SubjectRules): Rule[] {
  return [
    ...require.map(required),
    ...forbid.map(forbidden),
    ...Object.entries(values).map(limited),
    ...(maxLength === undefined ? [] : [noLongerThan(maxLength)]),
  ];
}

const of = (name: string, attributes: readonly NameAttribute[]): readonly NameAttribute[] =>
  attributes.filter(({ type }) => type === attributeType(name));

const required =
  (name: string): Rule =>
  (attributes) =>
    of(name, attributes).length > 0 ? undefined : `the subject has no ${name}, which the profile requires`;

const forbidden =
  (name: string): Rule =>
  (attributes) =>
    of(name, attributes).length > 0 ? `the subject has ${name}, which the profile forbids` : undefined;

/** Here `*` stands for any text: it is one value, as it is and not escaped. */
function limited([name, pattern]: readonly [string, string]): Rule {
  const matches = compiledPattern(pattern, { stops: '', escapes: false, ignoresCase: false });
  return (attributes) => {
    const other = of(name, attributes).find(({ text }) => !matches(text));
    return other && `the ${name} ${JSON.stringify(other.text.slice(0, 80))} of the subject is not \`${pattern}\``;
  };
}

const noLongerThan =
  (most: number): Rule =>
  (attributes) => {
    const long = attributes.find(({ text }) => text.length > most);
    return (
      long &&
      `the ${attributeName(long.type)} of the subject has ${long.text.length} characters; the profile allows ${most}`
    );
  };

/** What is appended, as it stands at the end of the text of a certified subject; empty for nothing. Throws DerError. */
export const appendedText = (append = ''): string => nameText(nameFromText(append));

type Fixed = {
  without: (csr: CertificationRequest) => CertificationRequest;
  appended: (csr: CertificationRequest) => CertificationRequest;
};
const NOTHING: Fixed = { without: (csr) => csr, appended: (csr) => csr };

/** At the end of the text of RFC 4514 is the beginning of the Name. A renewal can name the subject with what was appended. */
function fixedAttributes(text = ''): Fixed {
  const name = nameFromText(text);
  const [fixed, count] = [contentOf(name), readName(name).length];
  if (count === 0) return NOTHING;
  const suffix = appendedText(text);
  return {
    without: (csr) =>
      csr.subjectText === suffix || csr.subjectText.endsWith(`,${suffix}`)
        ? named(csr, sequence(...rdnsOf(csr.subject).slice(count)))
        : csr,
    appended: (csr) => named(csr, sequence(fixed, contentOf(csr.subject))),
  };
}

const named = (csr: CertificationRequest, subject: Uint8Array): CertificationRequest => ({
  ...csr,
  subject,
  subjectText: nameText(subject),
});

const contentOf = (name: Uint8Array): Uint8Array => DerReader.over(name).read(TAG.sequence);

/** Each RDN of a Name that was read before, DER. */
function rdnsOf(name: Uint8Array): Uint8Array[] {
  const list = DerReader.over(name).sequence();
  const rdns: Uint8Array[] = [];
  while (!list.done) rdns.push(list.raw(TAG.set));
  return rdns;
}
