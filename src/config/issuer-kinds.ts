/** The CA products that can issue for an authority, one row each. Types, keys, checks and the reference page are derived from these rows. */
import { z } from 'zod';
import { defined } from '../core/defined.ts';
import { adcsIssuer } from './adcs-issuer-section.ts';
import { awsPcaIssuer } from './aws-pca-issuer-section.ts';
import { digicertIssuer } from './digicert-issuer-section.ts';
import { ejbcaIssuer } from './ejbca-issuer-section.ts';
import { commandIssuer } from './command-issuer-section.ts';
import { platform8Issuer } from './platform8-issuer-section.ts';
import { platform8RestIssuer } from './platform8-rest-issuer-section.ts';
import { openBaoIssuer } from './open-bao-issuer-section.ts';
import { file, type FileContext } from './references.ts';
import { stepCaIssuer } from './step-ca-issuer-section.ts';
import { optional } from './yaml/table.ts';
import { secret, type ValueType, valueType } from './yaml/value-type.ts';

type Keys = Readonly<Record<string, z.ZodType>>;

/** A kind of CA product. Its key in the file is the name of its row. */
type IssuerKind<V extends z.ZodType, K extends Keys, C extends object> = {
  description: string;
  /** The value of its key: most often a section of a file of its own. */
  value: (context: FileContext) => ValueType<V>;
  /** Keys beside its own that belong to it alone. All of them are optional. */
  keys?: () => K;
  /** What the value and these keys become: what the backend is made with. */
  settings: (value: z.output<V>, keys: z.output<z.ZodObject<K>>) => C;
  /** Keys and programs among them, with absolute paths: whoever owns one of these files decides what is issued. */
  files?: (settings: C) => readonly string[];
};

const kind = <V extends z.ZodType, C extends object, K extends Keys>(row: IssuerKind<V, K, C>): IssuerKind<V, K, C> =>
  row;

const moduleOptions = secret(
  valueType(z.record(z.string(), z.unknown()), 'a mapping of keys', '{ url: https://ca.example.com }'),
);

/** All kinds. What makes a backend from the settings is in `app/issuer-makers.ts`. */
export const ISSUER_KINDS = {
  module: kind({
    description: 'A program of yours or of a vendor: an ES module that exports an issuer ([vendors.md](vendors.md)).',
    value: (context) => file(context, './my-ca.mjs'),
    keys: () => ({
      options: optional(moduleOptions, 'With `module`. The argument of the function that it exports.', '{}'),
    }),
    settings: (path, { options = {} }): { path: string; options: Readonly<Record<string, unknown>> } => ({
      path,
      options,
    }),
    files: ({ path }) => [path],
  }),
  command: kind({
    description: 'A program that calls any CA ([command-issuer.md](command-issuer.md)).',
    value: commandIssuer,
    settings: (settings) => settings,
    files: ({ argv }) => argv.slice(0, 1),
  }),
  stepCa: kind({
    description: 'The CA step-ca ([backends.md](backends.md#stepca)).',
    value: stepCaIssuer,
    settings: (settings) => settings,
  }),
  ejbca: kind({
    description: 'EJBCA by its REST interface ([backends.md](backends.md#ejbca)).',
    value: ejbcaIssuer,
    settings: (settings) => settings,
    files: ({ clientKey }) => [clientKey],
  }),
  digicert: kind({
    description: 'DigiCert Trust Lifecycle Manager ([backends.md](backends.md#digicert)).',
    value: digicertIssuer,
    settings: (settings) => settings,
  }),
  digicertPlatform8: kind({
    description: 'DigiCert PKI Platform 8 ([backends.md](backends.md#digicertplatform8)).',
    value: platform8Issuer,
    settings: (settings) => settings,
    files: ({ clientKey }) => [clientKey],
  }),
  digicertPlatform8Rest: kind({
    description: 'DigiCert PKI Platform 8 by its REST interface ([backends.md](backends.md#digicertplatform8rest)).',
    value: platform8RestIssuer,
    settings: (settings) => settings,
  }),
  awsPca: kind({
    description: 'AWS Private CA ([backends.md](backends.md#awspca)).',
    value: awsPcaIssuer,
    settings: (settings) => defined(settings),
  }),
  adcs: kind({
    description: 'AD CS by its enrolment web service or its web pages ([adcs-web.md](adcs-web.md)).',
    value: adcsIssuer,
    settings: (settings) => settings,
    files: ({ clientKey, revoker }) => [clientKey, revoker?.argv[0]].filter((path) => path !== undefined),
  }),
  openBao: kind({
    description: 'OpenBao or Vault ([backends.md](backends.md#openbao)).',
    value: openBaoIssuer,
    settings: (settings) => settings,
  }),
};

type Kinds = typeof ISSUER_KINDS;

/** What each kind is made with. */
export type IssuerSettings = { [K in keyof Kinds]: ReturnType<Kinds[K]['settings']> };

/** The `issuer` of an authority: its kind, and the settings that its row makes from the file. */
export type IssuerConfig<K extends keyof Kinds = keyof Kinds> = {
  [P in K]: { kind: P; settings: IssuerSettings[P] };
}[K];

/** As `files` of its row. */
export const decisiveFilesOf = ({ kind, settings }: IssuerConfig): readonly string[] =>
  (ISSUER_KINDS[kind] as { files?: (settings: IssuerConfig['settings']) => readonly string[] }).files?.(settings) ?? [];
