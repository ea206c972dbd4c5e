/** Reads the JSON bodies of the control API: known members only, each in its form. */
import { ControlError } from './control-error.ts';

/** The form of a member. `description` says what `accepts` accepts, after "must be". */
export type BodyField = { accepts: (value: unknown) => boolean; description: string };

/** The forms that several bodies use. */
export const FIELD = {
  text: { accepts: (value) => typeof value === 'string' && value !== '', description: 'text' },
  texts: {
    accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== ''),
    description: 'a list of texts',
  },
  time: {
    accepts: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
    description: 'a time, such as 2030-01-31T12:00:00Z',
  },
  seconds: {
    accepts: (value) => Number.isSafeInteger(value) && Math.abs(value as number) <= 1e9,
    description: 'a whole number of seconds',
  },
  yes: { accepts: (value) => typeof value === 'boolean', description: 'true or false' },
  count: {
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 1e6,
    description: 'a whole number from 1',
  },
  objects: {
    accepts: (value) =>
      Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each)),
    description: 'a list of objects',
  },
} as const satisfies Readonly<Record<string, BodyField>>;

/** One of these words. */
export const oneOf = (words: readonly string[]): BodyField => ({
  accepts: (value) => words.includes(value as string),
  description: words.map((word) => `"${word}"`).join(' or '),
});

/** The body, checked. Throws ControlError, whose message names the member and what is accepted. Undefined members are left out. */
export function readBody<T>(
  value: unknown,
  fields: Readonly<Record<keyof T & string, BodyField>>,
  required: readonly (keyof T & string)[] = [],
): T {
  const table: Readonly<Record<string, BodyField>> = fields;
  const names = Object.keys(table).join(', ');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ControlError(
      `Send a JSON object. ${required.length > 0 ? `It needs ${required.join(', ')}; it` : 'It'} may have ${names}.`,
    );
  const given = Object.entries(value).filter(([, part]) => part !== undefined);
  for (const [name, part] of given) {
    const field = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!field) throw new ControlError(`${name}: unknown; there are ${names}`);
    if (!field.accepts(part)) throw new ControlError(`${name}: must be ${field.description}`);
  }
  const missing = required.find((name) => !given.some(([present]) => present === name));
  if (missing) throw new ControlError(`${missing}: is missing; it is ${fields[missing].description}`);
  return Object.fromEntries(given) as T;
}
