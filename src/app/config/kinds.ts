/** The kinds of values that keys of the configuration have, each with the words for it and an example. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { fileText } from './interpolate.ts';
import { element } from './table.ts';
import { parseDuration } from './units.ts';

export type Kind<T extends z.ZodType> = { schema: T; type: string; example: string; secret: boolean };

/** What the schema takes from outside: files, and the names that the file itself defines. */
export type ConfigContext = {
  /** The absolute path for one that is relative to the configuration file. */
  resolve: (path: string) => string;
  /** The text of a file by its path as written. Throws when it cannot be read. */
  read: (path: string) => string;
  names: Readonly<Record<NamedSection, readonly string[]>>;
};
export type NamedSection = 'authorities' | 'profiles' | 'tenants';

/**
 * A value made of another. `make` returns undefined for what is not of the kind, and throws ConfigError when there is
 * more to say: its message and remedy are then what the administrator reads.
 */
export const made = <T extends z.ZodType, R>(from: T, make: (value: z.output<T>) => R | undefined) =>
  from.transform((value, context): R => {
    // A mapping with an unknown key still arrives here; nothing more can be said of it before that is right.
    if (context.issues.length > 0) return z.NEVER;
    try {
      const result = make(value);
      if (result !== undefined) return result;
      context.addIssue({ code: 'custom', params: { wordless: true } });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: { remedy: error.remedy } });
    }
    return z.NEVER;
  });

const kind = <T extends z.ZodType>(schema: T, type: string, example: string): Kind<T> => ({
  schema,
  type,
  example,
  secret: false,
});

/** The same, but no value of it is ever printed. */
export const secret = <T extends z.ZodType>(kind: Kind<T>): Kind<T> => ({ ...kind, secret: true });

export const text = (example: string) => kind(z.string().min(1), 'text', example);

export const choice = <const T extends string>(...words: readonly T[]) =>
  kind(
    made(z.string(), (value) => {
      const word = words.find((word) => word === value);
      if (word === undefined) throw new ConfigError('not a word that is known here', didYouMean(value, words));
      return word;
    }),
    `one of ${words.map((word) => `\`${word}\``).join(', ')}`,
    words[0]!,
  );

// What comes out of an environment variable is text, so numbers and truth values may be text too.
export const integer = (least: number, most: number, example: number) =>
  kind(
    made(z.union([z.number(), z.string().regex(/^\d+$/)]), (value) => {
      const number = Number(value);
      return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
    }),
    `a whole number from ${least} to ${most}`,
    String(example),
  );

export const flag = kind(
  made(z.union([z.boolean(), z.enum(['true', 'false'])]), (value) => value === true || value === 'true'),
  '`true` or `false`',
  'true',
);

/** Milliseconds. */
export const duration = (example: string) =>
  kind(
    made(z.union([z.string(), z.literal(0)]), (value) => parseDuration(String(value))),
    'a duration in days, hours, minutes or seconds, at most 36500d',
    example,
  );

export const guid = kind(
  z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i),
  'a GUID',
  '00000000-0000-0000-0000-000000000000',
);

/** Without a slash at the end. A URL may contain a password, so none is printed. */
export const url = (protocols: readonly ('http' | 'https')[], example: string) =>
  secret(
    kind(
      made(z.string(), (value) => {
        const url = URL.parse(value);
        const fits = url && protocols.some((protocol) => url.protocol === `${protocol}:`) && !url.search && !url.hash;
        return fits ? value.replace(/\/+$/, '') : undefined;
      }),
      `a URL with ${protocols.join(' or ')} and without query`,
      example,
    ),
  );

/** The absolute path. */
export const file = ({ resolve }: ConfigContext, example: string) =>
  kind(made(z.string().min(1), resolve), 'the path of a file', example);

/** The absolute path of `PATH` or `file:PATH`. A single letter before the colon is a drive of Windows. */
export const keyFile = ({ resolve }: ConfigContext, example: string) =>
  kind(
    made(z.string().min(1), (value) => {
      const [, scheme, rest] = /^([a-z][a-z\d+.-]+):(.*)$/i.exec(value) ?? [];
      if (scheme !== undefined && scheme !== 'file')
        throw new ConfigError('keys of this kind are not supported', 'Name a PEM file: `file:PATH`.');
      return resolve(rest ?? value);
    }),
    'the path of a file, with or without `file:` before it',
    example,
  );

/** The text of a PEM file with certificates. */
export const certificateText = ({ read }: ConfigContext, example: string) =>
  kind(
    made(z.string().min(1), (path) => {
      const content = fileText(path, read, 'the file');
      if (content.includes('-----BEGIN CERTIFICATE-----')) return content;
      throw new ConfigError('the file has no certificate in PEM', 'Convert it: `openssl x509 -inform DER -in FILE`.');
    }),
    'the path of a PEM file with certificates',
    example,
  );

const PROXY_WORDS = ['loopback', 'linklocal', 'uniquelocal'];

/** An address, a network, or one of fastify's words for networks. */
export const network = kind(
  made(z.string(), (value) => {
    const [address = '', prefix] = value.split('/', 2);
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const fits = prefix === undefined ? most > 0 : /^\d+$/.test(prefix) && Number(prefix) <= most;
    return fits || PROXY_WORDS.includes(value) ? value : undefined;
  }),
  'an IP address or network',
  '10.0.0.0/8',
);

const SINGULAR = { authorities: 'authority', profiles: 'profile', tenants: 'tenant' } as const;

/** The name of something that the file defines elsewhere. */
export const nameIn = (section: NamedSection, { names }: ConfigContext) =>
  kind(
    made(z.string(), (name) => {
      if (names[section].includes(name)) return name;
      throw new ConfigError(`no ${SINGULAR[section]} of this file has that name`, didYouMean(name, names[section]));
    }),
    `the name of one of the \`${section}\``,
    names[section][0] ?? 'NAME',
  );

export const listOf = <T extends z.ZodType>(of: Kind<T>, example: string): Kind<z.ZodArray<T>> => ({
  schema: z.array(element(of)),
  type: `a list: ${of.type}`,
  example,
  secret: of.secret,
});

/** A word, or a section in its place. */
export const either = <W extends z.ZodType, S extends z.ZodType>(word: Kind<W>, section: S, instead: string) =>
  kind(z.union([word.schema, section]), `${word.type}, or ${instead}`, word.example);
