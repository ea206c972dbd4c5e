/** The one table of the configuration: every key with its kind, its default and its words, as zod schemas that carry them. */
import { z } from 'zod';
import type { ValueType } from './value-type.ts';

/** What is known of a key beside its schema. Error texts and docs/configuration.md are made of it. */
export type KeyRow = {
  /** What a value must be, in words that follow "not": `a GUID`. */
  type: string;
  /** What the key is for. Elements of lists have no words of their own. */
  words?: string;
  /** A value as it is written in the file. */
  example: string;
  /** A value of a key that is secret, or that may contain a password, appears in no output. */
  secret: boolean;
  /** As it is written in the file, or in words. Absent for keys that must be there and for keys without effect. */
  default?: string;
  required: boolean;
};

const TABLE = z.registry<KeyRow>();

function enter<T extends z.ZodType>(schema: T, row: KeyRow): T {
  TABLE.add(schema, row);
  return schema;
}

const rowOf = ({ type, example, secret }: ValueType<z.ZodType>, words: string) => ({ type, example, secret, words });

/** A key that must be there. */
export const required = <T extends z.ZodType>(kind: ValueType<T>, words: string): T =>
  enter(kind.schema.clone(), { ...rowOf(kind, words), required: true });

/** A key that may be left out; `shown` says what is then the case. */
export const optional = <T extends z.ZodType>(
  kind: ValueType<T>,
  words: string,
  shown?: string,
): z.ZodExactOptional<T> =>
  enter(kind.schema.exactOptional(), {
    ...rowOf(kind, words),
    required: false,
    ...(shown !== undefined && { default: shown }),
  });

/** A key that stands for `value`, in the form of the file, when it is left out. */
export const defaulted = <T extends z.ZodType>(
  kind: ValueType<T>,
  value: z.input<T>,
  words: string,
  shown: string = written(value),
): z.ZodPrefault<T> =>
  enter(kind.schema.prefault(value as never), { ...rowOf(kind, words), required: false, default: shown });

const written = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('"', '').replaceAll(',', ', ');

const container = (type: string, words: string, example: string): KeyRow => ({
  type,
  words,
  example,
  secret: false,
  required: true,
});

/** Keys under one key; others are refused. */
export const section = <T extends z.core.$ZodLooseShape>(
  words: string,
  example: string,
  shape: T,
): z.ZodObject<T, z.core.$strict> => enter(z.strictObject(shape), container('a mapping of keys', words, example));

const NAME = /^[A-Za-z0-9_-]+$/;

/** Sections under names that the administrator chooses. */
export const named = <T extends z.ZodType>(words: string, example: string, value: T): z.ZodRecord<z.ZodString, T> =>
  enter(z.record(z.string().regex(NAME), value), container('a mapping of names', words, example));

/** Sections one after the other. */
export const many = <T extends z.ZodType>(words: string, example: string, element: T): z.ZodArray<T> =>
  enter(z.array(element), container('a list', words, example));

/** Enters the elements of a list of values, so that each can be explained. */
export const element = <T extends z.ZodType>(kind: ValueType<T>): T => {
  const { type, example, secret } = kind;
  return enter(kind.schema.clone(), { type, example, secret, required: true });
};

/** A row and its path; `*` stands for any name and `[]` for any index. */
export type Entry = KeyRow & { path: readonly string[] };

/** Every row below a schema, in the order of the schema. */
export function entries(schema: z.core.$ZodType): Entry[] {
  const found = new Map<string, Entry>();
  // A key that takes a word or a section has a row for each; the outer one speaks for both.
  for (const entry of walk(schema, [])) if (!found.has(entry.path.join())) found.set(entry.path.join(), entry);
  return [...found.values()];
}

function* walk(schema: z.core.$ZodType, path: readonly string[]): Generator<Entry> {
  const row = TABLE.get(schema as z.ZodType);
  if (row) yield { ...row, path };
  for (const [part, child] of childrenOf(schema)) yield* walk(child, part === undefined ? path : [...path, part]);
}

function childrenOf(schema: z.core.$ZodType): (readonly [string | undefined, z.core.$ZodType])[] {
  if (schema instanceof z.ZodObject) return Object.entries(schema.shape);
  if (schema instanceof z.ZodRecord) return [['*', schema.valueType]];
  if (schema instanceof z.ZodArray) return [['[]', schema.element]];
  if (schema instanceof z.ZodUnion) return schema.options.map((option) => [undefined, option]);
  if (schema instanceof z.ZodPipe) return [[undefined, schema.in]];
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodExactOptional) return [[undefined, schema.unwrap()]];
  return [];
}

/** The row for a path of a file, such as `['endpoints', 0, 'path']`. */
export const entryAt = (all: readonly Entry[], path: readonly PropertyKey[]): Entry | undefined =>
  all.find((entry) => matches(entry.path, path));

/** Whether the path of a file is one that a path of the table stands for. */
export function matches(pattern: readonly string[], path: readonly PropertyKey[]): boolean {
  const flat = unnested(path);
  return pattern.length === flat.length && pattern.every((part, index) => fits(part, flat[index]!));
}

/** Lists whose elements are of the kind that holds the list, so that they have no rows of their own. */
const NESTING: readonly PropertyKey[] = ['allOf', 'anyOf'];

/** `policy.allOf[1].static` is what `policy.static` is. */
export const unnested = (path: readonly PropertyKey[]): readonly PropertyKey[] =>
  path.filter(
    (part, index) =>
      !(NESTING.includes(part) && typeof path[index + 1] === 'number') &&
      !(typeof part === 'number' && NESTING.includes(path[index - 1]!)),
  );

const fits = (part: string, key: PropertyKey): boolean =>
  part === '*' || (part === '[]' ? typeof key === 'number' : part === key);
