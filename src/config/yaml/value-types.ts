/** The general types of values: text, choices, numbers, durations, URLs, networks and lists. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { type ValueType, valueType, transformed } from './value-type.ts';
import { item } from './table.ts';
import { parseDuration } from './units.ts';

/** Text that is not empty. */
export const text = (example: string) => valueType(z.string().min(1), 'text', example);

/** One of these keywords. */
export const choice = <const T extends string>(...keywords: readonly T[]) =>
  valueType(
    transformed(z.string(), (value) => {
      const keyword = keywords.find((keyword) => keyword === value);
      if (keyword === undefined) throw new ConfigError('not one of the known values', didYouMean(value, keywords));
      return keyword;
    }),
    `one of ${keywords.map((keyword) => `\`${keyword}\``).join(', ')}`,
    keywords[0] ?? '',
  );

// The value of an environment variable is always text, so numbers and truth values may be written as text.
/** A whole number within bounds, both included. */
export const integer = (least: number, most: number, example: number) =>
  valueType(
    transformed(z.union([z.number(), z.string().regex(/^\d+$/)]), (value) => {
      const number = Number(value);
      return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
    }),
    `a whole number from ${least} to ${most}`,
    String(example),
  );

/** A truth value. */
export const flag = valueType(
  transformed(z.union([z.boolean(), z.enum(['true', 'false'])]), (value) => value === true || value === 'true'),
  '`true` or `false`',
  'true',
);

/** A duration such as `24h`, in milliseconds. */
export const duration = (example: string) =>
  valueType(
    transformed(z.union([z.string(), z.literal(0)]), (value) => parseDuration(String(value))),
    'a duration in days, hours, minutes or seconds, at most 36500d',
    example,
  );

/** A GUID in lower or upper case, with hyphens and without braces. */
export const guid = valueType(
  z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i),
  'a GUID',
  '00000000-0000-0000-0000-000000000000',
);

/** A URL without query and fragment. Slashes at its end are removed. */
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

const PROXY_KEYWORDS = ['loopback', 'linklocal', 'uniquelocal'];

/** An address, a network, or one of the keywords that fastify knows for networks. */
export const network = valueType(
  transformed(z.string(), (value) => {
    const [address = '', prefix] = value.split('/', 2);
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const fits = prefix === undefined ? most > 0 : /^\d+$/.test(prefix) && Number(prefix) <= most;
    return fits || PROXY_KEYWORDS.includes(value) ? value : undefined;
  }),
  'an IP address or network',
  '10.0.0.0/8',
);

/** A list of values of one type. */
export const valueList = <T extends z.ZodType>(of: ValueType<T>, example: string): ValueType<z.ZodArray<T>> => ({
  schema: z.array(item(of)),
  type: `a list: ${of.type}`,
  example,
  secret: of.secret,
});

/** A keyword, or a section in its place. */
export const either = <K extends z.ZodType, S extends z.ZodType>(keyword: ValueType<K>, section: S, instead: string) =>
  valueType(z.union([keyword.schema, section]), `${keyword.type}, or ${instead}`, keyword.example);
