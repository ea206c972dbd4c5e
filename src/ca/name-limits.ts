/** The names that a profile allows: patterns in which `*` stands for any text. */
import type { CertificationRequest, GeneralName } from '../core/request.ts';
import { Refusal } from '../core/errors.ts';
import { readGeneralNames } from '../pkix/extensions.ts';
import { OID } from '../pkix/oids.ts';
import { altNameType } from './names.ts';
import type { NameLimits, Profile } from './profile.ts';
import { requested } from './requested.ts';

/**
 * What `*` stands for: in a subject one value and nothing of another attribute, in a user principal name nothing across
 * the `@`. Case counts in a subject only.
 */
const WILDCARDS = {
  subject: { text: String.raw`(?:[^,+\\]|\\.)*`, flags: 'u' },
  dns: { text: '[^@]*', flags: 'iu' },
  upn: { text: '[^@]*', flags: 'iu' },
} as const;

/** Throws Refusal `subject_refused` for a name that the profile does not allow. */
export function assertWithinLimits({ names }: Profile, csr: CertificationRequest): void {
  if (!names) return;
  assertMatch('subject', names.subject, [csr.subjectText]);
  if (names.dns === undefined && names.upn === undefined) return;
  const alternative = requested(csr, OID.subjectAltName, readGeneralNames)?.value ?? [];
  for (const kind of ['dns', 'upn'] as const) assertMatch(kind, names[kind], textsOf(kind, alternative));
}

const textsOf = (kind: 'dns' | 'upn', names: readonly GeneralName[]): string[] =>
  names.filter((name) => altNameType(name) === kind).map(({ text }) => text);

function assertMatch(kind: keyof NameLimits, pattern: string | undefined, texts: readonly string[]): void {
  if (pattern === undefined) return;
  const { text, flags } = WILDCARDS[kind];
  const expression = new RegExp(`^${pattern.split('*').map(escaped).join(text)}$`, flags);
  const other = texts.find((each) => !expression.test(each));
  if (other !== undefined)
    throw new Refusal('subject_refused', `the ${kind} ${JSON.stringify(other.slice(0, 80))} is not \`${pattern}\``);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
