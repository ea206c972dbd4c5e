/** `policy` of an endpoint: who decides about a request. Exactly one; an endpoint without any would serve everybody. */
import { z } from 'zod';
import type { ChallengeRules } from '../admin/challenge-issuer.ts';
import { ConfigError } from '../core/errors.ts';
import { type ValueType, transformed, secret } from './yaml/value-type.ts';
import { choice } from './yaml/value-types.ts';
import { oneTime } from './one-time-section.ts';
import { type ConfigContext, file, nameIn } from './references.ts';
import { optional, section } from './yaml/table.ts';
import { webhook } from './webhook-section.ts';

export type PolicyConfig =
  | { kind: 'intune'; tenant: string; notify: 'strict' | 'outbox'; onUnreachable: 'pending' | 'fail' }
  | { kind: 'static'; challenge: string }
  | ({ kind: 'oneTime' } & ChallengeRules)
  | ({ kind: 'webhook' } & z.output<ReturnType<typeof webhook>['schema']>)
  | { kind: 'module'; path: string; options: Readonly<Record<string, unknown>> }
  | { kind: 'allOf'; policies: readonly PolicyConfig[] }
  | { kind: 'anyOf'; policies: readonly PolicyConfig[] };

const challenge = secret({
  schema: transformed(z.string(), (challenge) => {
    if (challenge.trim() !== '') return challenge;
    throw new ConfigError(
      'an empty challenge, so everybody would get a certificate',
      'Give a long random one, for example from `openssl rand -hex 24`.',
    );
  }),
  type: 'text',
  example: '"${env:LAB_CHALLENGE}"',
  secret: false,
});

/** Policies in their order. The schema is made when it is needed: it contains itself. */
function policies(context: ConfigContext, example: string) {
  const schema: z.ZodType<PolicyConfig[]> = z.lazy(() => z.array(policySchema(context)));
  return { schema, type: 'a list of policies', example, secret: false } satisfies ValueType<typeof schema>;
}

const moduleOptions = secret({
  schema: z.record(z.string(), z.unknown()),
  type: 'a mapping of keys',
  example: '{ inventory: https://cmdb.example.com }',
  secret: false,
});

const keys = (context: ConfigContext) =>
  section('Who decides.', '{ static: "${env:LAB_CHALLENGE}" }', {
    intune: optional(nameIn('tenants', context), 'Intune decides, by the challenge that it gave the device.'),
    notify: optional(
      choice('strict', 'outbox'),
      'With `intune`. `strict`: the device gets its certificate after Intune has heard of it. `outbox`: before, and Intune hears of it until it accepts.',
      'strict',
    ),
    onUnreachable: optional(
      choice('pending', 'fail'),
      'With `intune`. What a device is told while Intune cannot be reached: to come back, or no.',
      'pending',
    ),
    static: optional(challenge, 'One challenge for everybody who knows it.'),
    oneTime: optional(
      oneTime(),
      'Passwords that each serve for one certificate: from the administrator page, its API or `openndes challenge new` ([ndes.md](ndes.md)).',
    ),
    webhook: optional(webhook(context), 'A service of yours decides, over HTTP ([webhook.md](webhook.md)).'),
    module: optional(
      file(context, './my-policy.mjs'),
      'A program of yours decides: an ES module that exports a policy ([policies.md](policies.md)).',
    ),
    options: optional(moduleOptions, 'With `module`. What the module is given.', '{}'),
    allOf: optional(
      policies(context, '[{ static: "${env:LAB_CHALLENGE}" }, { module: ./my-policy.mjs }]'),
      'All of these policies must allow. They are written like this one and asked in their order; the first no ends it.',
    ),
    anyOf: optional(
      policies(context, '[{ intune: corp }, { static: "${env:LAB_CHALLENGE}" }]'),
      'One of these policies must allow. They are written like this one and asked in their order; the first yes ends it.',
    ),
  });

type PolicyKeys = z.output<ReturnType<typeof keys>>;
type KindKey = 'intune' | 'static' | 'oneTime' | 'webhook' | 'module' | 'allOf' | 'anyOf';

/** The keys that are a policy, each with the keys that belong to it. */
const KINDS: Readonly<Record<KindKey, readonly (keyof PolicyKeys)[]>> = {
  intune: ['notify', 'onUnreachable'],
  static: [],
  oneTime: [],
  webhook: [],
  module: ['options'],
  allOf: [],
  anyOf: [],
};
const KIND_KEYS = Object.keys(KINDS) as KindKey[];

/** One policy. */
export const policySchema = (context: ConfigContext): z.ZodType<PolicyConfig> =>
  transformed(keys(context), (written): PolicyConfig => {
    const [kind, ...others] = KIND_KEYS.filter((key) => written[key] !== undefined);
    if (kind === undefined || others.length > 0)
      throw new ConfigError(
        kind === undefined ? 'no policy, so nothing would be checked' : 'two policies',
        `Name exactly one of ${KIND_KEYS.map((key) => `\`${key}\``).join(', ')}.`,
      );
    assertBelongs(written, kind);
    return configOf(written, kind);
  });

function assertBelongs(written: PolicyKeys, kind: KindKey): void {
  for (const owner of KIND_KEYS) {
    const misplaced = owner !== kind && KINDS[owner].some((key) => written[key] !== undefined);
    if (!misplaced) continue;
    const names = KINDS[owner].map((key) => `\`${key}\``).join(' and ');
    const [verb, them] = KINDS[owner].length > 1 ? ['belong', 'them'] : ['belongs', 'it'];
    throw new ConfigError(`${names} ${verb} to \`${owner}\``, `Remove ${them} from this policy.`);
  }
}

function configOf(written: PolicyKeys, kind: KindKey): PolicyConfig {
  const { intune, notify = 'strict', onUnreachable = 'pending', static: challenge, module, options = {} } = written;
  if (kind === 'intune') return { kind, tenant: intune!, notify, onUnreachable };
  if (kind === 'static') return { kind, challenge: challenge! };
  if (kind === 'oneTime') return { kind, ...written.oneTime! };
  if (kind === 'webhook') return { kind, ...written.webhook! };
  if (kind === 'module') return { kind, path: module!, options };
  const policies = written[kind]!;
  if (policies.length === 0)
    throw new ConfigError('no policy in it, so nothing would be checked', 'Name at least one policy.');
  if (kind === 'anyOf' && policies.filter(wantsNotifications).length > 1)
    throw new ConfigError(
      'more than one of these policies wants to hear of certificates, and afterwards nobody knows who allowed which',
      'Give each of them an endpoint of its own, or `notify: none` to a webhook.',
    );
  return { kind, policies };
}

/** A policy and every policy in it, each with its place: `policy.allOf.1`. */
export const policiesIn = (policy: PolicyConfig, key = 'policy'): { key: string; policy: PolicyConfig }[] => [
  { key, policy },
  ...('policies' in policy
    ? policy.policies.flatMap((member, index) => policiesIn(member, `${key}.${policy.kind}.${index}`))
    : []),
];

/** Whether Intune decides, alone or with others. */
export const asksIntune = (policy: PolicyConfig): boolean =>
  policiesIn(policy).some(({ policy: { kind } }) => kind === 'intune');

/** Whether somebody wants to hear what was issued, as far as the configuration says. */
export const wantsNotifications = (policy: PolicyConfig): boolean =>
  policiesIn(policy).some(
    ({ policy: each }) => each.kind === 'intune' || (each.kind === 'webhook' && each.notify !== 'none'),
  );

/** What the passwords of an endpoint are, if its policy, alone or with others, knows any. */
export const oneTimeIn = (policy: PolicyConfig): ChallengeRules | undefined =>
  policiesIn(policy)
    .map(({ policy: each }) => each)
    .find((each) => each.kind === 'oneTime');
