/** `policy` of an endpoint: exactly one of the kinds in `policy-kinds.ts`. There is no default policy. */
import { z } from 'zod';
import type { ChallengeRules } from '../manage/one-time-passwords.ts';
import { ConfigError } from '../core/errors.ts';
import { type Combination, COMBINATIONS, KINDS, type PolicyConfig, type PolicyContext } from './policy-kinds.ts';
import type { Weakness } from './yaml/problems.ts';
import { optional, section } from './yaml/table.ts';
import { transformed, valueType } from './yaml/value-type.ts';

/** A row of `KINDS` for code that works on every kind. The table in `policy-kinds.ts` holds the exact types. */
type AnyKind = {
  description: string;
  value: (context: PolicyContext) => ReturnType<typeof valueType>;
  keys?: () => Readonly<Record<string, z.ZodType>>;
  config: (value: unknown, keys: unknown) => object;
  wantsNotifications?: (config: PolicyConfig) => boolean;
  asksIntune?: true;
  passwords?: (config: PolicyConfig) => ChallengeRules;
  weakness?: (config: PolicyConfig) => Weakness | undefined;
};

const ROWS: ReadonlyMap<string, AnyKind> = new Map(Object.entries(KINDS as unknown as Record<string, AnyKind>));
const COMBINED: ReadonlyMap<string, Combination> = new Map(Object.entries(COMBINATIONS));
const KIND_KEYS = [...ROWS.keys(), ...COMBINED.keys()];
/** The keys that belong to each kind, beside its own. */
const OWNED = new Map([...ROWS].map(([name, { keys }]) => [name, Object.keys(keys?.() ?? {})]));

const EXAMPLE = '{ static: "${env:LAB_CHALLENGE}" }';

const ofKind = (name: string, { value, description, keys }: AnyKind, context: PolicyContext) => ({
  [name]: optional(value(context), description),
  ...keys?.(),
});

/** The schema of the list is made when it is needed, because it contains itself. */
const combined = (name: string, { description, example }: Combination, context: PolicyContext) => {
  const schema = z.lazy(() => z.array(policySchema(context)));
  return { [name]: optional(valueType(schema, 'a list of policies', example), description) };
};

const policyKeys = (context: PolicyContext) =>
  section(
    'Who decides.',
    EXAMPLE,
    Object.assign(
      {},
      ...[...ROWS].map(([name, row]) => ofKind(name, row, context)),
      ...[...COMBINED].map(([name, row]) => combined(name, row, context)),
    ) as Record<string, z.ZodType>,
  );

type Written = Readonly<Record<string, unknown>>;

/** One policy. */
const policySchema = (context: PolicyContext): z.ZodType<PolicyConfig> =>
  transformed(policyKeys(context), (written) => configOf(written, kindIn(written)));

/** The key `policy` of an endpoint. */
export const policy = (context: PolicyContext) => valueType(policySchema(context), 'a mapping of keys', EXAMPLE);

function kindIn(written: Written): string {
  const [kind, ...others] = KIND_KEYS.filter((key) => written[key] !== undefined);
  if (kind === undefined || others.length > 0)
    throw new ConfigError(
      kind === undefined ? 'no policy, so nothing would be checked' : 'two policies',
      `Name exactly one of ${KIND_KEYS.map((key) => `\`${key}\``).join(', ')}.`,
    );
  return kind;
}

function configOf(written: Written, kind: string): PolicyConfig {
  assertBelongs(written, kind);
  const row = ROWS.get(kind);
  const config = row ? row.config(written[kind], written) : combination(kind, written[kind] as readonly PolicyConfig[]);
  return { kind, ...config } as PolicyConfig;
}

function assertBelongs(written: Written, kind: string): void {
  for (const [owner, keys] of OWNED) {
    const misplaced = owner !== kind && keys.some((key) => written[key] !== undefined);
    if (!misplaced) continue;
    const names = keys.map((key) => `\`${key}\``).join(' and ');
    const [verb, them] = keys.length > 1 ? ['belong', 'them'] : ['belongs', 'it'];
    throw new ConfigError(`${names} ${verb} to \`${owner}\``, `Remove ${them} from this policy.`);
  }
}

function combination(kind: string, policies: readonly PolicyConfig[]): { policies: readonly PolicyConfig[] } {
  if (policies.length === 0)
    throw new ConfigError('no policy in it, so nothing would be checked', 'Name at least one policy.');
  if (COMBINED.get(kind)?.allowedBy === 'one' && policies.filter(wantsNotifications).length > 1)
    throw new ConfigError(
      'more than one of these policies wants notifications, and a notification does not tell which of them allowed the request',
      'Give each of them an endpoint of its own, or `notify: none` to a webhook.',
    );
  return { policies };
}

/** A policy and every policy in it, each with its place: `policy.allOf.1`. */
export const policiesIn = (policy: PolicyConfig, key = 'policy'): { key: string; policy: PolicyConfig }[] => [
  { key, policy },
  ...('policies' in policy
    ? policy.policies.flatMap((member, index) => policiesIn(member, `${key}.${policy.kind}.${index}`))
    : []),
];

/** Whether Intune is asked, by this policy or by one in it. */
export const asksIntune = (policy: PolicyConfig): boolean =>
  policiesIn(policy).some(({ policy: { kind } }) => ROWS.get(kind)?.asksIntune === true);

/** The names of the tenants that this policy and those in it ask. */
export const tenantsOf = (policy: PolicyConfig): string[] =>
  policiesIn(policy).flatMap(({ policy: each }) => (each.kind === 'intune' ? [each.tenant.name] : []));

/** Whether this policy or one in it is notified of certificates, as far as the configuration tells: not for a module. */
export const wantsNotifications = (policy: PolicyConfig): boolean =>
  policiesIn(policy).some(({ policy: each }) => ROWS.get(each.kind)?.wantsNotifications?.(each) === true);

/** The rules of one-time passwords, if this policy or one in it accepts them. */
export const passwordRules = (policy: PolicyConfig): ChallengeRules | undefined =>
  policiesIn(policy)
    .map(({ policy: each }) => ROWS.get(each.kind)?.passwords?.(each))
    .find((rules) => rules !== undefined);

/** The weakness of this policy alone, if it has one. */
export const weaknessOf = (policy: PolicyConfig): Weakness | undefined => ROWS.get(policy.kind)?.weakness?.(policy);

/** Whether Intune may be asked about a request that a later policy of this combination denies. */
export const asksIntuneEarly = (policy: PolicyConfig): boolean =>
  'policies' in policy &&
  COMBINATIONS[policy.kind].allowedBy === 'every' &&
  policy.policies.slice(0, -1).some(asksIntune);
