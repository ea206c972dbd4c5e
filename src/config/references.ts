/** Types of values that refer to something else: files, keys, and names that the configuration itself defines. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import { fileText } from './yaml/interpolate.ts';
import { transformed, type ValueType, valueType } from './yaml/value-type.ts';

/** Access to the files that a configuration names. */
export type FileContext = {
  /** The absolute path for one that is relative to the configuration file. */
  resolve: (path: string) => string;
  /** The text of a file by its path as written. Throws when it cannot be read. */
  read: (path: string) => string;
  /** The text of a file by its absolute path; undefined where there is none. Absent where no such file is looked for. */
  readIfThere?: (path: string) => string | undefined;
};

/** The absolute path of a file. */
export const file = ({ resolve }: FileContext, example: string) =>
  valueType(transformed(z.string().min(1), resolve), 'the path of a file', example);

/** A scheme has at least two letters: a single letter before the colon is a drive of Windows. */
const SCHEME = /^(?<scheme>[a-z][a-z\d+.-]+):(?<rest>.*)$/i;

/** A key as a URI with its scheme. `PATH` and `file:PATH` become `file:` with the absolute path; other URIs stay as they are. */
export const keyUri = ({ resolve }: FileContext, example: string) =>
  valueType(
    transformed(z.string().min(1), (written) => {
      const { scheme = 'file', rest = written } = SCHEME.exec(written)?.groups ?? {};
      return scheme.toLowerCase() === 'file' ? `file:${resolve(rest)}` : written;
    }),
    'a key: the path of a PEM file, with or without `file:` before it, or a URI such as `pkcs11:…`',
    example,
  );

/** Where a file is: its absolute path, or a URL. */
export type FileOrUrl = { path: string } | { url: string };

/** The path of a file, or a URL with http or https. */
export const fileOrUrl = ({ resolve }: FileContext, example: string) =>
  valueType(
    transformed(z.string().min(1), (written): FileOrUrl => {
      const scheme = SCHEME.exec(written)?.groups?.['scheme']?.toLowerCase();
      if (scheme === undefined) return { path: resolve(written) };
      const url = URL.parse(written);
      if ((scheme === 'http' || scheme === 'https') && url && url.username === '' && url.password === '')
        return { url: written };
      throw new ConfigError(
        'neither a path nor a URL with http or https and without a password',
        `Write it like ${example}.`,
      );
    }),
    'the path of a file, or a URL with `http` or `https`',
    example,
  );

/** The text of a PEM file with certificates. */
export const certificateText = ({ read }: FileContext, example: string) =>
  valueType(
    transformed(z.string().min(1), (path) => {
      const content = fileText(path, read, 'the file');
      if (content.includes('-----BEGIN CERTIFICATE-----')) return content;
      throw new ConfigError('the file has no certificate in PEM', 'Convert it: `openssl x509 -inform DER -in FILE`.');
    }),
    'the path of a PEM file with certificates',
    example,
  );

/** What one section of the file defines: every name as written, and the values of those without an error. */
export type Definitions<T> = { names: readonly string[]; values: ReadonlyMap<string, T> };

/** A name and the value that the file defines under it. */
export type Reference<T> = { name: string; value: T };

const SECTIONS = { authority: 'authorities', profile: 'profiles', tenant: 'tenants' } as const;

/** The name of something that the file defines elsewhere, resolved to its value. */
export const referenceTo = <T>(
  what: keyof typeof SECTIONS,
  { names, values }: Definitions<T>,
): ValueType<z.ZodType<Reference<T>, string>> =>
  valueType(
    transformed(z.string(), (name): Reference<T> => {
      if (!names.includes(name))
        throw new ConfigError(`no ${what} of this file has that name`, didYouMean(name, names));
      // A value with an error is not in `values`. That error stops the start, so the placeholder is never used.
      return { name, value: values.get(name) ?? z.NEVER };
    }),
    `the name of one of the \`${SECTIONS[what]}\``,
    names[0] ?? 'NAME',
  );
