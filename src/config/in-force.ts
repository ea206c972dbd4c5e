/** The settings that are in force, for people: each with its value, or `********`, and with where it comes from. */
import type { LoadedDocument } from './load.ts';
import { valueAt } from './parse.ts';
import { redactedAddress } from './redacted.ts';
import { allEntries } from './reference.ts';
import { parseConfigDocument } from './yaml/document.ts';
import type { KeyPath } from './yaml/problems.ts';
import { type Entry, entryAt, matches } from './yaml/table.ts';

/** `key`: below its section, as in the file, such as `policy.intune`. `from`: `file`, `default`, or the reference that it is read by. */
export type SettingInForce = { key: string; value: string; from: string };

/** What stands for a secret, however long it is. */
export const MASK = '********';

/** The settings of one section, such as `['endpoints', 0]`: those that are written, and the defaults of the others. */
export type SettingsInForce = (section: KeyPath) => SettingInForce[];

/** Looks at the table of keys for each value: what that does not know is masked, as what it marks as secret is. */
export function settingsInForce({ text, values }: LoadedDocument): SettingsInForce {
  const rows = allEntries();
  const document = parseConfigDocument(text).values();
  return (section) => {
    const written = [...leaves(valueAt(values, section), section, rows)];
    const lines = written.map(({ path, value }) => ({
      key: keyBelow(section, path),
      value: shownValue(value, path, rows),
      from: originOf(valueAt(document, path)),
    }));
    return [...lines, ...defaultsOf(valueAt(values, section), section, rows)];
  };
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Lists of plain values are one value. A secret is one value too, whatever is in it. */
function* leaves(value: unknown, path: KeyPath, rows: readonly Entry[]): Generator<{ path: KeyPath; value: unknown }> {
  const isWhole = !isContainer(value) || entryAt(rows, path)?.secret === true || isPlainList(value);
  if (isWhole) {
    if (value !== undefined) yield { path, value };
    return;
  }
  for (const [key, each] of Object.entries(value))
    yield* leaves(each, [...path, Array.isArray(value) ? Number(key) : key], rows);
}

const isPlainList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.every((each) => !isContainer(each));

function shownValue(value: unknown, path: KeyPath, rows: readonly Entry[]): string {
  const row = entryAt(rows, path);
  const items = isPlainList(value) ? value : [value];
  if (row?.secret !== false || entryAt(rows, [...path, 0])?.secret === true) return MASK;
  return items.map((each) => redactedAddress(String(each), path, MASK)).join(', ');
}

const keyBelow = (section: KeyPath, path: KeyPath): string => path.slice(section.length).join('.');

const REFERENCE = /(?<!\$)\$\{(env|file|credential):([^{}]*)\}/;
const KINDS: Readonly<Record<string, string>> = {
  env: 'environment variable',
  file: 'file',
  credential: 'credential',
};

/** By the text in the file: a reference says where the value comes from, and is no secret itself. */
function originOf(written: unknown): string {
  const [, kind = '', name = ''] = REFERENCE.exec(typeof written === 'string' ? written : '') ?? [];
  return kind === '' ? 'configuration file' : `${KINDS[kind]} ${name}`;
}

/** Of the keys that are not written. Those of a policy count only beside the kind that they belong to. */
function defaultsOf(value: unknown, section: KeyPath, rows: readonly Entry[]): SettingInForce[] {
  const containers: readonly (readonly [KeyPath, Record<string, unknown>])[] = [
    [section, isContainer(value) ? value : {}],
    ...containersIn(value, section),
  ];
  return containers.flatMap(([path, container]) =>
    rows
      .filter((row) => matches(row.path.slice(0, -1), path) && isUnwritten(row, container))
      .map((row) => ({
        key: keyBelow(section, [...path, row.path.at(-1) ?? '']),
        value: row.default ?? '',
        from: 'default',
      })),
  );
}

function isUnwritten(row: Entry, container: Record<string, unknown>): boolean {
  const name = row.path.at(-1) ?? '';
  const owner = /^With `(\w+)`/.exec(row.description ?? '')?.[1];
  const applies = owner === undefined || owner in container;
  return row.default !== undefined && !['*', '[]'].includes(name) && !(name in container) && applies;
}

function containersIn(value: unknown, path: KeyPath): [KeyPath, Record<string, unknown>][] {
  if (!isContainer(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const below = [...path, Array.isArray(value) ? Number(key) : key];
    const own: [KeyPath, Record<string, unknown>][] = isContainer(each) && !Array.isArray(each) ? [[below, each]] : [];
    return [...own, ...containersIn(each, below)];
  });
}
