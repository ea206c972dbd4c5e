/** The kinds of policies, one row each. Types, keys, checks and the reference page are derived from these rows. */
import { z } from 'zod';
import { isPrintable } from '../asn1/strings.ts';
import type { ChallengeRules } from '../manage/one-time-passwords.ts';
import { ConfigError } from '../core/errors.ts';
import { oneTime } from './one-time-section.ts';
import { type Definitions, file, type FileContext, referenceTo } from './references.ts';
import type { TenantConfig } from './tenants.ts';
import { webhook } from './webhook-section.ts';
import type { Weakness } from './yaml/problems.ts';
import { optional } from './yaml/table.ts';
import { secret, transformed, type ValueType, valueType } from './yaml/value-type.ts';
import { choice } from './yaml/value-types.ts';

/** What the value of a policy may refer to. */
export type PolicyContext = FileContext & { tenants: Definitions<TenantConfig> };

type Keys = Readonly<Record<string, z.ZodType>>;

/** A kind that decides by itself. Its key in the file is the name of its row. */
type PolicyKind<V extends z.ZodType, K extends Keys, C extends object> = {
  description: string;
  /** The value of its key. */
  value: (context: PolicyContext) => ValueType<V>;
  /** Keys beside its own that belong to it alone. All of them are optional. */
  keys?: () => K;
  /** What the value and these keys become: the configuration of the policy. */
  config: (value: z.output<V>, keys: z.output<z.ZodObject<K>>) => C;
  /** Whether the policy is notified of certificates; never when absent. */
  wantsNotifications?: (config: C) => boolean;
  /** The party that is told the challenge, as one name; absent when only this server compares it. */
  tells?: (config: C) => string;
  /** Whether the policy asks Intune. */
  asksIntune?: true;
  /** The rules of its one-time passwords, when it has any. */
  passwords?: (config: C) => ChallengeRules;
  /** Said in a warning, at its key. */
  weakness?: (config: C) => Weakness | undefined;
};

const kind = <V extends z.ZodType, C extends object, K extends Keys>(row: PolicyKind<V, K, C>): PolicyKind<V, K, C> =>
  row;

const SHORTEST_CHALLENGE = 8;

/** The characters are not named: they are a part of the secret. */
const unsendable = (challenge: string): Weakness | undefined =>
  isPrintable(challenge)
    ? undefined
    : {
        what: "a challenge that Windows cannot send: it has others than letters, digits, spaces and '()+,-./:=?",
        remedy:
          'Make one of these characters, for example with `openssl rand -hex 24`, unless no Windows device enrols here.',
      };

const challenge = secret({
  ...valueType(z.string(), 'text', '"${env:LAB_CHALLENGE}"'),
  schema: transformed(z.string(), (challenge) => {
    if (challenge.trim() !== '') return challenge;
    throw new ConfigError(
      'an empty challenge, so that every request would get a certificate',
      'Give a long random one, for example from `openssl rand -hex 24`.',
    );
  }),
});

const moduleOptions = secret(
  valueType(z.record(z.string(), z.unknown()), 'a mapping of keys', '{ inventory: https://cmdb.example.com }'),
);

/** The kinds that decide by themselves. */
export const KINDS = {
  intune: kind({
    description: 'Intune decides, by the challenge that it gave to the device.',
    value: ({ tenants }) => referenceTo('tenant', tenants),
    keys: () => ({
      notify: optional(
        choice('strict', 'outbox'),
        'With `intune`. `strict`: the device gets its certificate after Intune has acknowledged it. `outbox`: the device gets it at once, and the notification is repeated until Intune acknowledges it.',
        'strict',
      ),
      onUnreachable: optional(
        choice('pending', 'fail'),
        'With `intune`. The answer to a device while Intune cannot be reached: `pending` (come back later) or `fail`.',
        'pending',
      ),
      precheck: optional(
        choice('on', 'off'),
        'With `intune`. `on`: a challenge that Intune cannot have made (shorter than 64 characters, or not printable ASCII) is refused and Intune is not asked.',
        'on',
      ),
    }),
    config: (tenant, { notify = 'strict', onUnreachable = 'pending', precheck = 'on' }) => ({
      tenant,
      notify,
      onUnreachable,
      precheck,
    }),
    wantsNotifications: () => true,
    tells: ({ tenant }) => tenant.name,
    asksIntune: true,
  }),
  static: kind({
    description: 'One challenge for all requests.',
    value: () => challenge,
    config: (challenge) => ({ challenge }),
    weakness: ({ challenge }) =>
      challenge.length < SHORTEST_CHALLENGE
        ? {
            what: `a challenge of fewer than ${SHORTEST_CHALLENGE} characters can be guessed`,
            remedy: 'Give a long random one, for example from `openssl rand -hex 24`.',
          }
        : unsendable(challenge),
  }),
  oneTime: kind({
    description:
      'Passwords that each serve for one certificate: from the administrator page, its API or `openndes challenge new` ([ndes.md](ndes.md)).',
    value: oneTime,
    config: (rules) => rules,
    passwords: (rules) => rules,
    weakness: ({ single }) => (single === undefined ? undefined : unsendable(single)),
  }),
  webhook: kind({
    description: 'A service of yours decides, over HTTP ([webhook.md](webhook.md)).',
    value: webhook,
    config: (settings) => settings,
    wantsNotifications: ({ notify }) => notify !== 'none',
    tells: ({ url }) => url,
  }),
  module: kind({
    description: 'A program of yours decides: an ES module that exports a policy ([policies.md](policies.md)).',
    value: (context) => file(context, './my-policy.mjs'),
    keys: () => ({
      options: optional(moduleOptions, 'With `module`. The argument of the function that it exports.', '{}'),
    }),
    config: (path, { options = {} }): { path: string; options: Readonly<Record<string, unknown>> } => ({
      path,
      options,
    }),
    tells: ({ path }) => path,
  }),
};

/** A kind that combines other policies: a list of them is its value. `allowedBy` says how many of them must allow. */
export type Combination = { description: string; example: string; allowedBy: 'every' | 'one' };

/** The kinds that combine other policies. */
export const COMBINATIONS = {
  allOf: {
    description:
      'All of these policies must allow. They are written like this one and asked in their order; the first that denies ends it.',
    example: '[{ static: "${env:LAB_CHALLENGE}" }, { module: ./my-policy.mjs }]',
    allowedBy: 'every',
  },
  anyOf: {
    description:
      'One of these policies must allow. They are written like this one and asked in their order; the first that allows ends it.',
    example: '[{ intune: corp }, { static: "${env:LAB_CHALLENGE}" }]',
    allowedBy: 'one',
  },
} as const satisfies Readonly<Record<string, Combination>>;

type Kinds = typeof KINDS;

/** A policy of a configuration: its kind, and what its row in this file makes from the file. */
export type PolicyConfig =
  | { [K in keyof Kinds]: { kind: K } & ReturnType<Kinds[K]['config']> }[keyof Kinds]
  | { kind: keyof typeof COMBINATIONS; policies: readonly PolicyConfig[] };
