/** The table of the configuration: every key with its type, default and description, attached to its zod schema. */
import { z } from 'zod';
import { defined } from '../../core/defined.ts';
import type { ValueType } from './value-type.ts';

/** What is known of a key beside its schema. Error texts and docs/configuration.md are made from it. */
export type KeyRow = {
  /** What a value must be, as text that follows "not": `a GUID`. */
  type: string;
  /** What the key is for. Items of lists have no description of their own. */
  description?: string;
  /** A value as it is written in the file. */
  example: string;
  /** True when the value is a secret or may contain a password: it appears in no output. */
  secret: boolean;
  /** As it is written in the file, or described. Absent for required keys and for keys without effect when left out. */
  default?: string;
  required: boolean;
};

const TABLE = z.registry<KeyRow>();

function register<T extends z.ZodType>(schema: T, row: KeyRow): T {
  TABLE.add(schema, row);
  return schema;
}

const rowOf = ({ type, example, secret }: ValueType<z.ZodType>, description: string) => ({
  type,
  example,
  secret,
  description,
});

/** A key that must be there. */
export const required = <T extends z.ZodType>(value: ValueType<T>, description: string): T =>
  register(value.schema.clone(), { ...rowOf(value, description), required: true });

/** A key that may be left out; `shown` describes what applies then. */
export const optional = <T extends z.ZodType>(
  value: ValueType<T>,
  description: string,
  shown?: string,
): z.ZodExactOptional<T> =>
  register(value.schema.exactOptional(), {
    ...rowOf(value, description),
    required: false,
    ...defined({ default: shown }),
  });

/** A key with a default. The default is written as in the file; `shown` is how the reference page shows it. */
export const defaulted = <T extends z.ZodType>(
  value: ValueType<T>,
  input: z.input<T>,
  description: string,
  shown: string = written(input),
): z.ZodPrefault<T> =>
  register(value.schema.prefault(input as never), {
    ...rowOf(value, description),
    required: false,
    default: shown,
  });

const written = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('"', '').replaceAll(',', ', ');

const container = (type: string, description: string, example: string): KeyRow => ({
  type,
  description,
  example,
  secret: false,
  required: true,
});

/** A mapping of known keys; others are refused. */
export const section = <T extends z.core.$ZodLooseShape>(
  description: string,
  example: string,
  shape: T,
): z.ZodObject<T, z.core.$strict> =>
  register(z.strictObject(shape), container('a mapping of keys', description, example));

const NAME = /^[A-Za-z0-9_-]+$/;

/** Values under names that the administrator chooses. */
export const mapOf = <T extends z.ZodType>(
  description: string,
  example: string,
  value: T,
  name = NAME,
): z.ZodRecord<z.ZodString, T> =>
  register(z.record(z.string().regex(name), value), container('a mapping of names', description, example));

/** A list of sections. */
export const listOf = <T extends z.ZodType>(description: string, example: string, section: T): z.ZodArray<T> =>
  register(z.array(section), container('a list', description, example));

/** Registers the items of a list or map of plain values, so that an error can describe each of them. */
export const item = <T extends z.ZodType>({ schema, type, example, secret }: ValueType<T>): T =>
  register(schema.clone(), { type, example, secret, required: true });

/** A row and its path; `*` stands for any name and `[]` for any index. */
export type Entry = KeyRow & { path: readonly string[] };

/** Every row below a schema, in the order of the schema. */
export function entries(schema: z.core.$ZodType): Entry[] {
  const found = new Map<string, Entry>();
  // A key that takes a keyword or a section has a row for each; the outer row is kept.
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

/** Whether a path of the table, with `*` and `[]`, covers a path of a file. */
export function matches(pattern: readonly string[], path: readonly PropertyKey[]): boolean {
  const flat = unnested(path);
  return pattern.length === flat.length && flat.every((key, index) => fits(pattern[index], key));
}

/** Keys whose list items have the type of the section around the key, and so no rows of their own. */
const NESTING: readonly (PropertyKey | undefined)[] = ['allOf', 'anyOf'];

/** Sections that may also be a list of such sections, whose entries have no rows of their own. */
const REPEATED: readonly (PropertyKey | undefined)[] = ['listen'];

/** The path without nested policies and repeated sections: `policy.allOf[1].static` becomes `policy.static`. */
export const unnested = (path: readonly PropertyKey[]): readonly PropertyKey[] =>
  path.filter(
    (part, index) =>
      !(NESTING.includes(part) && typeof path[index + 1] === 'number') &&
      !(typeof part === 'number' && [...NESTING, ...REPEATED].includes(path[index - 1])),
  );

const fits = (part: string | undefined, key: PropertyKey): boolean =>
  part === '*' || (part === '[]' ? typeof key === 'number' : part === key);
