/** A configuration without its secrets, for others to read: only what the table of keys knows, and does not mark as secret. */
import type { ConfigSource } from './load.ts';
import { openDocument } from './load.ts';
import { allEntries } from './reference.ts';
import type { KeyPath } from './yaml/problems.ts';
import { type Entry, entryAt } from './yaml/table.ts';

const WITHHELD = '[withheld]';
/** A reference names a secret and is none. */
const REFERENCE = /^\$\{(?:env|file|credential):[^{}]*\}$/;

/** `values`: plain data, as it stands in the file. `secrets`: the texts that must appear nowhere, references resolved. */
export type RedactedConfig = { values: unknown; secrets: readonly string[] };

/** Throws ConfigProblems when the file has no syntax. Other problems of it do not matter. */
export function redactedConfig(source: ConfigSource): RedactedConfig {
  const rows = allEntries();
  return {
    values: shown(openDocument(source, () => false).values, [], rows),
    secrets: [...new Set(secretsIn(openDocument(source).values, [], rows))],
  };
}

/** A list has one row for itself and may have none for its items. */
const rowAt = (rows: readonly Entry[], path: KeyPath): Entry | undefined =>
  entryAt(rows, path) ?? (typeof path.at(-1) === 'number' ? entryAt(rows, path.slice(0, -1)) : undefined);

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The rows are asked for each key, because an unknown one can be a secret in the wrong place. */
function shown(value: unknown, path: KeyPath, rows: readonly Entry[]): unknown {
  const isKnown = path.length === 0 || rowAt(rows, path)?.secret === false;
  if (!isKnown && !isNested(value, path, rows)) return isReference(value) ? value : WITHHELD;
  if (Array.isArray(value)) return value.map((each, index) => shown(each, [...path, index], rows));
  if (!isContainer(value)) return typeof value === 'string' ? redactedAddress(value, path, WITHHELD) : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each], index) => {
      const below = [...path, key];
      const name = rowAt(rows, below) || isNested(each, below, rows) ? key : `[unknown key ${index + 1}]`;
      return [name, shown(each, below, rows)];
    }),
  );
}

/** Entries of a mapping of names, and policies within `allOf`, have no row of their own: those below them have. */
const isNested = (value: unknown, path: KeyPath, rows: readonly Entry[]): boolean =>
  isContainer(value) &&
  rowAt(rows, path)?.secret !== true &&
  Object.keys(value).some((key) => rowAt(rows, [...path, Array.isArray(value) ? Number(key) : key]) !== undefined);

const isReference = (value: unknown): boolean => typeof value === 'string' && REFERENCE.test(value);

/** A URL without what may be a password in it; of a webhook, the host alone. `instead` stands for what is left out. */
export function redactedAddress(address: string, path: KeyPath, instead: string): string {
  const text = address.replace(PIN_VALUE, `$1${instead}`);
  const url = /^[a-z+]+:\/\//i.test(text) ? URL.parse(oneHost(text)) : null;
  if (!url || REFERENCE.test(text)) return text;
  const isSecret =
    path.some((key) => key === 'webhook' || key === 'webhooks') ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '';
  return isSecret ? `${url.protocol}//${url.host}/${instead}` : text;
}

/** The PIN in the URI of a key (RFC 7512 2.4): it is refused, and stands in the file until somebody mends that. */
const PIN_VALUE = /(pin-value=)([^&;]*)/i;

/** A URL of PostgreSQL may name several hosts, which no other URL may. */
const oneHost = (text: string): string => text.replace(/^(postgres(?:ql)?:\/\/[^/?,]*),[^/?]*/, '$1');

function secretsIn(value: unknown, path: KeyPath, rows: readonly Entry[]): string[] {
  if (rowAt(rows, path)?.secret === true) return textsIn(value);
  if (isContainer(value))
    return Object.entries(value).flatMap(([key, each]) =>
      secretsIn(each, [...path, Array.isArray(value) ? Number(key) : key], rows),
    );
  return typeof value === 'string' ? passwordsIn(value) : [];
}

/** The password of a URL and the PIN of a key, as they are written there and as they are. */
function passwordsIn(text: string): string[] {
  const written = [URL.parse(oneHost(text))?.password ?? '', PIN_VALUE.exec(text)?.[2] ?? ''];
  return [...new Set(written.filter((each) => each !== '').flatMap((each) => [each, decoded(each)]))];
}

const textsIn = (value: unknown): string[] => {
  if (isContainer(value)) return Object.values(value).flatMap(textsIn);
  return typeof value === 'string' ? [value, ...passwordsIn(value)] : typeof value === 'number' ? [String(value)] : [];
};

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Expected: the text is no URL encoding and is the password itself.
    return text;
  }
}
