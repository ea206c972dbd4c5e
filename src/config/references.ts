/** The kinds of values that point elsewhere: to files, and to names that the configuration itself defines. */
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { didYouMean } from './yaml/did-you-mean.ts';
import { fileText } from './yaml/interpolate.ts';
import { valueType, transformed } from './yaml/value-type.ts';

/** What the schema takes from outside: files, and the names that the file itself defines. */
export type ConfigContext = {
  /** The absolute path for one that is relative to the configuration file. */
  resolve: (path: string) => string;
  /** The text of a file by its path as written. Throws when it cannot be read. */
  read: (path: string) => string;
  names: Readonly<Record<NamedSection, readonly string[]>>;
};
export type NamedSection = 'authorities' | 'profiles' | 'tenants';

/** The absolute path. */
export const file = ({ resolve }: ConfigContext, example: string) =>
  valueType(transformed(z.string().min(1), resolve), 'the path of a file', example);

/** The absolute path of `PATH` or `file:PATH`. A single letter before the colon is a drive of Windows. */
export const keyFile = ({ resolve }: ConfigContext, example: string) =>
  valueType(
    transformed(z.string().min(1), (value) => {
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
  valueType(
    transformed(z.string().min(1), (path) => {
      const content = fileText(path, read, 'the file');
      if (content.includes('-----BEGIN CERTIFICATE-----')) return content;
      throw new ConfigError('the file has no certificate in PEM', 'Convert it: `openssl x509 -inform DER -in FILE`.');
    }),
    'the path of a PEM file with certificates',
    example,
  );

const SINGULAR = { authorities: 'authority', profiles: 'profile', tenants: 'tenant' } as const;

/** The name of something that the file defines elsewhere. */
export const nameIn = (section: NamedSection, { names }: ConfigContext) =>
  valueType(
    transformed(z.string(), (name) => {
      if (names[section].includes(name)) return name;
      throw new ConfigError(`no ${SINGULAR[section]} of this file has that name`, didYouMean(name, names[section]));
    }),
    `the name of one of the \`${section}\``,
    names[section][0] ?? 'NAME',
  );
