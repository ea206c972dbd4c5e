/** The kinds of values that stand for themselves, each with the words for it and an example. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { type ValueType, valueType, transformed } from './value-type.ts';
import { element } from './table.ts';
import { parseDuration } from './units.ts';

export const text = (example: string) => valueType(z.string().min(1), 'text', example);

export const choice = <const T extends string>(...words: readonly T[]) =>
  valueType(
    transformed(z.string(), (value) => {
      const word = words.find((word) => word === value);
      if (word === undefined) throw new ConfigError('not a word that is known here', didYouMean(value, words));
      return word;
    }),
    `one of ${words.map((word) => `\`${word}\``).join(', ')}`,
    words[0]!,
  );

// What comes out of an environment variable is text, so numbers and truth values may be text too.
export const integer = (least: number, most: number, example: number) =>
  valueType(
    transformed(z.union([z.number(), z.string().regex(/^\d+$/)]), (value) => {
      const number = Number(value);
      return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
    }),
    `a whole number from ${least} to ${most}`,
    String(example),
  );

export const flag = valueType(
  transformed(z.union([z.boolean(), z.enum(['true', 'false'])]), (value) => value === true || value === 'true'),
  '`true` or `false`',
  'true',
);

/** Milliseconds. */
export const duration = (example: string) =>
  valueType(
    transformed(z.union([z.string(), z.literal(0)]), (value) => parseDuration(String(value))),
    'a duration in days, hours, minutes or seconds, at most 36500d',
    example,
  );

export const guid = valueType(
  z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i),
  'a GUID',
  '00000000-0000-0000-0000-000000000000',
);

/** Without a slash at the end. */
export const url = (protocols: readonly ('http' | 'https')[], example: string) =>
  valueType(
    transformed(z.string(), (value) => {
      const url = URL.parse(value);
      const fits = url && protocols.some((protocol) => url.protocol === `${protocol}:`) && !url.search && !url.hash;
      return fits ? value.replace(/\/+$/, '') : undefined;
    }),
    `a URL with ${protocols.join(' or ')} and without query`,
    example,
  );

const PROXY_WORDS = ['loopback', 'linklocal', 'uniquelocal'];

/** An address, a network, or one of fastify's words for networks. */
export const network = valueType(
  transformed(z.string(), (value) => {
    const [address = '', prefix] = value.split('/', 2);
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const fits = prefix === undefined ? most > 0 : /^\d+$/.test(prefix) && Number(prefix) <= most;
    return fits || PROXY_WORDS.includes(value) ? value : undefined;
  }),
  'an IP address or network',
  '10.0.0.0/8',
);

export const listOf = <T extends z.ZodType>(of: ValueType<T>, example: string): ValueType<z.ZodArray<T>> => ({
  schema: z.array(element(of)),
  type: `a list: ${of.type}`,
  example,
  secret: of.secret,
});

/** A word, or a section in its place. */
export const either = <W extends z.ZodType, S extends z.ZodType>(word: ValueType<W>, section: S, instead: string) =>
  valueType(z.union([word.schema, section]), `${word.type}, or ${instead}`, word.example);
