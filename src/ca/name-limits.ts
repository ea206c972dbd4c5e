/** The names that a profile allows: patterns in which `*` stands for any text, compiled once. */
import type { CertificationRequest, GeneralName } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { readGeneralNames } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { altNameType } from './names.ts';
import { compiledPattern, type Matches, type Wildcard } from './pattern.ts';
import type { NameLimits } from './profile.ts';
import { requested } from './requested.ts';

/**
 * What `*` stands for: in a subject one value and nothing of another attribute, in a user principal name nothing across
 * the `@`. Case counts in a subject only.
 */
const WILDCARDS: Readonly<Record<keyof NameLimits, Wildcard>> = {
  subject: { stops: ',+', escapes: true, ignoresCase: false },
  dns: { stops: '@', escapes: false, ignoresCase: true },
  upn: { stops: '@', escapes: false, ignoresCase: true },
};

/** A pattern as it is written, compiled. */
type Limit = { pattern: string; matches: Matches };

/** Throws Refusal `subject_refused` for a name that the profile does not allow. `subjectText` is the subject, RFC 4514. */
export type NameCheck = (csr: CertificationRequest, subjectText: string) => void;

/** The check of a profile; it does nothing where names are not limited. */
export function nameCheck(names: NameLimits = {}): NameCheck {
  const limits = (['subject', 'dns', 'upn'] as const).flatMap((kind) => limitOf(kind, names[kind]));
  const alternative = limits.some(({ kind }) => kind !== 'subject');
  return (csr, subjectText) => {
    if (limits.length === 0) return;
    const others = alternative ? (requested(csr, OID.subjectAltName, readGeneralNames)?.value ?? []) : [];
    for (const { kind, ...limit } of limits)
      assertMatch(kind, limit, kind === 'subject' ? [subjectText] : textsOf(kind, others));
  };
}

const limitOf = (kind: keyof NameLimits, pattern: string | undefined): (Limit & { kind: keyof NameLimits })[] =>
  pattern === undefined ? [] : [{ kind, pattern, matches: compiledPattern(pattern, WILDCARDS[kind]) }];

const textsOf = (kind: keyof NameLimits, names: readonly GeneralName[]): string[] =>
  names.filter((name) => altNameType(name) === kind).map(({ text }) => text);

function assertMatch(kind: string, { pattern, matches }: Limit, texts: readonly string[]): void {
  const other = texts.find((each) => !matches(each));
  if (other !== undefined)
    throw new Refusal('subject_refused', `the ${kind} ${JSON.stringify(other.slice(0, 80))} is not \`${pattern}\``);
}
