/** A configuration file in YAML 1.2: its values, and the line and column of each. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { KeyPath } from './problems.ts';

/** Counted from 1. */
export type Place = { line: number; column: number };
/** An error of syntax. `what` and `remedy` contain no part of the text, because it may be a secret. */
export type SyntaxProblem = Place & { what: string; remedy: string };

/** A parsed file. */
export type ConfigDocument = {
  /** When there are any, the values must not be used. */
  problems: readonly SyntaxProblem[];
  /** Every value that is text, with its path. Replacing `node.value` changes what `values()` returns. */
  texts(): Generator<{ path: KeyPath; node: Scalar<string> }>;
  /** The values as plain data. */
  values(): unknown;
  /** The node at a path, with aliases resolved; undefined when nothing is there. */
  node(path: KeyPath): unknown;
  /** The place of the value, or of the nearest container when it is missing. With `key`, the place of its key. */
  place(path: KeyPath, which?: 'key' | 'value'): Place;
};

const SYNTAX: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  DUPLICATE_KEY: ['the same key a second time', 'Keep one of the two.'],
  TAB_AS_INDENT: ['a tab in the indentation', 'Indent with spaces.'],
  BAD_INDENT: [
    'wrong indentation',
    'Put keys of one level into one column, and close brackets that were opened above.',
  ],
  MISSING_CHAR: ['a quote, a bracket or a comma is missing', 'Close what was opened.'],
  BAD_SCALAR_START: ['a value begins with a character that YAML reserves', 'Put the value in quotes.'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second `:` in one line',
    'Put the value in quotes, or the inner key on a line of its own.',
  ],
  MULTILINE_IMPLICIT_KEY: ['not `key: value`', 'Put a space after the colon.'],
  UNEXPECTED_TOKEN: [
    'something that does not belong here',
    'Put a value with `{`, `}`, `[`, `]`, `,` or `: ` in quotes.',
  ],
  BAD_ALIAS: [
    'an alias without its anchor',
    'Define `&name` above `*name`; put a value that begins with `*` in quotes.',
  ],
  MULTIPLE_DOCS: ['a second document', 'Remove the line `---`.'],
  TAG_RESOLVE_FAILED: ['an unknown tag', 'Put a value that begins with `!` in quotes.'],
};

/** Parses the text; errors of syntax are in `problems`. */
export function parseConfigDocument(text: string): ConfigDocument {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    code: code as string,
    at: pos[0],
  }));
  const aliases = faults.length === 0 ? brokenAliases(document) : [];
  return {
    problems: [...faults, ...aliases].map(({ code, at }) => {
      const [what, remedy] = SYNTAX[code] ?? [`not YAML (${code})`, 'Compare the line with docs/configuration.md.'];
      return { ...placeOf(at), what, remedy };
    }),
    texts: () => textsOf(document.contents, []),
    values: () => document.toJS() as unknown,
    node: (path) => find(document, path).node,
    place: (path, which = 'value') => placeOf(find(document, path)[which]),
  };
}

/** The library notices these only when it turns the document into plain data. */
function brokenAliases(document: Document): { code: string; at: number }[] {
  const broken: { code: string; at: number }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (!alias.resolve(document)) broken.push({ code: 'BAD_ALIAS', at: offsetOf(alias) ?? 0 });
    },
  });
  return broken;
}

function* textsOf(node: unknown, path: KeyPath): Generator<{ path: KeyPath; node: Scalar<string> }> {
  if (isScalar(node) && typeof node.value === 'string') yield { path, node: node as Scalar<string> };
  if (isMap(node)) for (const pair of node.items) yield* textsOf(pair.value, [...path, keyOf(pair)]);
  if (isSeq(node)) for (const [index, item] of node.items.entries()) yield* textsOf(item, [...path, index]);
}

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);

/** The node at the path and the offsets of its value and its key, or of the nearest node above it. */
function find(document: Document, path: KeyPath): { node: unknown; value: number; key: number } {
  let found = { node: document.contents as unknown, value: offsetOf(document.contents) ?? 0, key: 0 };
  for (const part of path) {
    const parent = isAlias(found.node) ? found.node.resolve(document) : found.node;
    const pair = isMap(parent) ? parent.items.find((pair) => keyOf(pair) === String(part)) : undefined;
    const node = isSeq(parent) ? parent.items[Number(part)] : pair?.value;
    if (node === undefined && !pair) return { ...found, node: undefined };
    const key = offsetOf(pair?.key) ?? offsetOf(node) ?? found.value;
    found = { node, key, value: offsetOf(node) ?? key };
  }
  return { ...found, node: isAlias(found.node) ? found.node.resolve(document) : found.node };
}

/** An empty value has no position; the caller uses the position of its key. */
function offsetOf(node: unknown): number | undefined {
  const empty = isScalar(node) && node.value === null && node.source === '';
  return empty ? undefined : (node as { range?: [number, number, number] } | null | undefined)?.range?.[0];
}
