/** Makes the policies that a configuration describes, among them policies from modules. */
import type { Emit } from '../core/events.ts';
import type { Policy } from '../core/policy.ts';
import type { ChallengeStore } from '../core/store.ts';
import type { IntuneClient } from '../intune/client.ts';
import { allOf } from '../policy/all-of.ts';
import { anyOf } from '../policy/any-of.ts';
import { intunePolicy } from '../policy/intune.ts';
import { httpPost } from '../policy/post.ts';
import { webhookPolicy } from '../policy/webhook.ts';
import type { PolicyConfig } from '../config/policy-kinds.ts';
import type { Reference } from '../config/references.ts';
import type { TenantConfig } from '../config/tenants.ts';
import { comparingPolicy } from './comparing-policies.ts';
import { fromModule } from './vendor-module.ts';
import { systemClock } from '../embed/system.ts';

/** The default export of a policy module. It is called once for each place that names the module. */
export type PolicyFactory = (options: Readonly<Record<string, unknown>>) => Policy | Promise<Policy>;

/** What policies need. `closing` receives the functions that close the connections of policies. */
export type PolicyServices = {
  intuneClient: (tenant: Reference<TenantConfig>) => IntuneClient;
  store: Pick<ChallengeStore, 'findChallenge'>;
  emit: Emit;
  closing: (() => Promise<void>)[];
};

type Maker<C extends PolicyConfig> = (config: C, services: PolicyServices) => Policy | Promise<Policy>;

/** One row for each kind of policy; the keys of its configuration are in `config/policy-kinds.ts`. */
const MAKERS: { readonly [K in PolicyConfig['kind']]: Maker<PolicyConfig & { kind: K }> } = {
  intune: ({ tenant, ...config }, { intuneClient }) => intunePolicy({ ...config, client: intuneClient(tenant) }),
  static: (config, { store }) => comparingPolicy(config, store),
  oneTime: (config, { store }) => comparingPolicy(config, store),
  webhook: (config, { closing }) => {
    const { post, close } = httpPost(config);
    closing.push(close);
    return webhookPolicy({ ...config, post, clock: systemClock });
  },
  module: ({ path, options }) => loadPolicyModule(path, options),
  allOf: async ({ policies }, services) => allOf(await membersOf(policies, services)),
  anyOf: async ({ policies }, services) => anyOf(await membersOf(policies, services)),
};

/** The policy that a configuration describes. Throws ConfigError when it cannot be made, such as a broken module. */
export const policyOf = async (config: PolicyConfig, services: PolicyServices): Promise<Policy> =>
  (MAKERS[config.kind] as Maker<PolicyConfig>)(config, services);

const membersOf = (members: readonly PolicyConfig[], services: PolicyServices): Promise<Policy[]> =>
  Promise.all(members.map((member) => policyOf(member, services)));

/** Loads an ES module and calls its default export. Throws ConfigError, which says what is wrong with the module. */
export const loadPolicyModule = (path: string, options: Readonly<Record<string, unknown>>): Promise<Policy> =>
  fromModule({
    path,
    what: 'policy',
    args: [options],
    isRight: isPolicy,
    shape: {
      factory: 'Write `export default (options) => ({ name, decide })`; docs/policies.md has an example.',
      result:
        'Return an object with a `name` and a function `decide`, and `notify` only as a function; docs/policies.md has an example.',
    },
  });

function isPolicy(value: unknown): value is Policy {
  if (typeof value !== 'object' || value === null) return false;
  const { name, decide, notify } = value as Partial<Record<keyof Policy, unknown>>;
  const validNotify = notify === undefined || typeof notify === 'function';
  return typeof name === 'string' && name !== '' && typeof decide === 'function' && validNotify;
}
