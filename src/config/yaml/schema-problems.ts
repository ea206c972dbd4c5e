/** Turns the issues that zod reports into problems: which key, what is wrong, and what to write instead. */
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { KeyPath } from './problems.ts';
import { type Entry, entryAt, matches, unnested } from './table.ts';

/**
 * A problem whose place is not looked up yet. `at` selects the place of the key or of its value. `writtenPath` is the
 * path as it is in the file, where `path` is the one that was probably meant.
 */
export type Finding = { path: KeyPath; at: 'key' | 'value'; writtenPath?: KeyPath; what: string; remedy: string };

/** The values of the file: `value` is the one at a path, and `printable` tells whether it may be shown. */
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

/** Whether the issue has a reason of its own, beyond a value of the wrong type. */
const hasReason = (issue: Issue): boolean => issue.code === 'custom' && issue.params?.['wrongType'] !== true;

/** The branch of a union that was probably meant: the one whose errors are all below its top level. */
const meantBranch = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  branches.find((issues) => issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys')) ??
  branches.find((issues) => issues.every(hasReason));

/**
 * Text in the place of a key may be a secret: a space is missing (`static:secret`), or the key is (`{ secret }`). Only
 * text that is certainly a key is repeated.
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
    writtenPath: path,
    what: 'something that is not `key: value`',
    remedy: glued ? `Put a space after \`${name}:\`.` : didYouMean(key, known),
  };
}

const keysBelow = (parent: KeyPath, entries: readonly Entry[]): string[] =>
  entries
    .filter(({ path }) => path.length === unnested(parent).length + 1 && matches(path.slice(0, -1), parent))
    .flatMap(({ path }) => path.slice(-1));

const badName = (path: KeyPath): Finding => ({
  path: path.slice(0, -1),
  at: 'key',
  what: 'a name with other characters than letters, digits, `-` and `_`',
  remedy: 'Use only these characters.',
});

function badValue(path: KeyPath, issue: Issue, entries: readonly Entry[], written: WrittenValues): Finding {
  const entry = entryAt(entries, path);
  const value = written.value(path);
  const example = exampleOf(entry);
  if (value === undefined) return { path, at: 'value', what: 'missing', remedy: `Add \`${example}\`.` };
  if (value === null)
    return { path, at: 'key', what: 'no value', remedy: `Remove the key, or write it like \`${example}\`.` };
  const what = hasReason(issue) ? issue.message : `not ${entry?.type ?? 'what is expected here'}`;
  const printable = entry?.secret === false && keysBelow(path, entries).length === 0 && written.printable(path);
  return {
    path,
    at: 'value',
    what: `${what}${printable ? shownText(value) : ''}`,
    remedy: remedyFor(issue, value, example),
  };
}

/** `key: value`; items of lists have no key. */
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

/** The value in parentheses. Mappings and lists are not shown, because they may contain a secret. */
function shownText(value: unknown): string {
  const text = JSON.stringify(value);
  // Text with an `@` may be a URL with a password.
  if (typeof value === 'object' || text.includes('@')) return '';
  return ` (${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text})`;
}
