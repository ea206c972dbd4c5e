/** Puts what zod found into words: which key, what is wrong with it, and what to write instead. */
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { KeyPath } from './problems.ts';
import { type Entry, entryAt, matches, unnested } from './table.ts';

/** `at` says whether the key or its value is to blame; `stands` is the path as written, when `path` is the one meant. */
export type Finding = { path: KeyPath; at: 'key' | 'value'; stands?: KeyPath; what: string; remedy: string };

/** `value` gives what is written at a path; `printable` whether it may be shown. */
export type WrittenValues = { value: (path: KeyPath) => unknown; printable: (path: KeyPath) => boolean };

type Issue = z.core.$ZodIssue;

/** One or more findings for one issue. */
export function explain(issue: Issue, entries: readonly Entry[], written: WrittenValues): Finding[] {
  const path = issue.path as KeyPath;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], entries, written));
  if (issue.code === 'invalid_key') return [badName(path)];
  const inner = issue.code === 'invalid_union' ? meantBranch(issue.errors) : undefined;
  if (inner) return inner.flatMap((each) => explain({ ...each, path: [...path, ...each.path] }, entries, written));
  return [badValue(path, issue, entries, written)];
}

/** A check that had more to say than that the value is not of its kind. */
const hasWords = (issue: Issue): boolean => issue.code === 'custom' && issue.params?.['wordless'] !== true;

/** The alternative that the administrator had in mind is the one that fits up to its keys. */
const meantBranch = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  branches.find((issues) => issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys')) ??
  branches.find((issues) => issues.every(hasWords));

/**
 * What stands where a key should be may be a secret after which a space is missing (`static:secret`) or that stands
 * alone (`{ secret }`). Only what is surely a key is repeated.
 */
function unknownKey(path: KeyPath, entries: readonly Entry[], written: WrittenValues): Finding {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1));
  const known = keysBelow(parent, entries);
  const [name] = /^[\w-]+/.exec(key) ?? [''];
  if (name === key && written.value(path) !== null)
    return { path, at: 'key', what: 'unknown key', remedy: didYouMean(key, known) };
  const glued = name !== key && known.includes(name);
  return {
    path: glued ? [...parent, name] : parent,
    at: 'key',
    stands: path,
    what: 'something that is not `key: value`',
    remedy: glued ? `Put a space after \`${name}:\`.` : didYouMean(key, known),
  };
}

const keysBelow = (parent: KeyPath, entries: readonly Entry[]): string[] =>
  entries
    .filter(({ path }) => path.length === unnested(parent).length + 1 && matches(path.slice(0, -1), parent))
    .map(({ path }) => path.at(-1)!);

const badName = (path: KeyPath): Finding => ({
  path: path.slice(0, -1),
  at: 'key',
  what: 'a name that cannot be used',
  remedy: 'Names have letters, digits, `-` and `_`.',
});

function badValue(path: KeyPath, issue: Issue, entries: readonly Entry[], written: WrittenValues): Finding {
  const entry = entryAt(entries, path);
  const value = written.value(path);
  const example = exampleOf(entry);
  if (value === undefined) return { path, at: 'value', what: 'missing', remedy: `Add \`${example}\`.` };
  if (value === null)
    return { path, at: 'key', what: 'no value', remedy: `Remove the key, or write it like \`${example}\`.` };
  const what = hasWords(issue) ? issue.message : `not ${entry?.type ?? 'what is expected here'}`;
  const printable = entry?.secret === false && keysBelow(path, entries).length === 0 && written.printable(path);
  return {
    path,
    at: 'value',
    what: `${what}${printable ? shownText(value) : ''}`,
    remedy: remedyFor(issue, value, example),
  };
}

/** `key: value`; elements of lists have no key. */
function exampleOf(entry: Entry | undefined): string {
  const key = entry?.path.at(-1) ?? '[]';
  return `${['[]', '*'].includes(key) ? '' : `${key}: `}${entry?.example ?? 'docs/configuration.md'}`;
}

function remedyFor(issue: Issue, value: unknown, example: string): string {
  const remedy: unknown = issue.code === 'custom' ? issue.params?.['remedy'] : undefined;
  if (typeof remedy === 'string') return remedy;
  const expectsText = issue.code === 'invalid_type' && issue.expected === 'string';
  if (expectsText && ['number', 'boolean'].includes(typeof value)) return 'Put the value in quotes.';
  return `Write it like \`${example}\`.`;
}

const LONGEST_SHOWN = 40;

/** Only single values, and not where a mapping belongs: in these there could be anything. */
function shownText(value: unknown): string {
  const text = JSON.stringify(value);
  // With an `@` it may be a URL with a password before it.
  if (typeof value === 'object' || text.includes('@')) return '';
  return ` (${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text})`;
}
