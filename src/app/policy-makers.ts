/** From the policies of a configuration to objects that decide, a vendor's own among them. */
import { pathToFileURL } from 'node:url';
import type { Logger } from '../core/environment.ts';
import type { Policy } from '../core/policy.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { IntuneClient } from '../intune/client.ts';
import { allOf } from '../policy/all-of.ts';
import { anyOf } from '../policy/any-of.ts';
import { intunePolicy } from '../policy/intune.ts';
import { oneTimePolicy } from '../policy/one-time.ts';
import { httpPost } from '../policy/post.ts';
import { staticPolicy } from '../policy/static.ts';
import { webhookPolicy } from '../policy/webhook.ts';
import type { PolicyConfig } from '../config/policies.ts';
import { systemClock } from '../embed/system.ts';

/** What the default export of a policy module is: called once for each place that names the module. */
export type PolicyFactory = (options: Readonly<Record<string, unknown>>) => Policy | Promise<Policy>;

/** `closing` receives what ends the connections that a policy opens. */
export type PolicyServices = {
  tenants: ReadonlyMap<string, IntuneClient>;
  store: Pick<Store, 'findChallenge'>;
  logger: Logger;
  closing: (() => Promise<void>)[];
};

type Maker<C extends PolicyConfig> = (config: C, around: PolicyServices) => Policy | Promise<Policy>;

const MAKERS: { readonly [K in PolicyConfig['kind']]: Maker<Extract<PolicyConfig, { kind: K }>> } = {
  intune: (config, { tenants }) => intunePolicy({ ...config, client: tenants.get(config.tenant)! }),
  static: staticPolicy,
  oneTime: ({ single }, { store, logger }) =>
    single === undefined ? oneTimePolicy({ store, clock: systemClock, logger }) : staticPolicy({ challenge: single }),
  webhook: (config, { closing }) => {
    const { post, close } = httpPost(config);
    closing.push(close);
    return webhookPolicy({ ...config, post, clock: systemClock });
  },
  module: ({ path, options }) => loadPolicyModule(path, options),
  allOf: async ({ policies }, around) => allOf(await membersOf(policies, around)),
  anyOf: async ({ policies }, around) => anyOf(await membersOf(policies, around)),
};

/** Throws ConfigError when a policy cannot be made, above all one of a module. */
export const policyOf = async (config: PolicyConfig, around: PolicyServices): Promise<Policy> =>
  (MAKERS[config.kind] as Maker<PolicyConfig>)(config, around);

const membersOf = (members: readonly PolicyConfig[], around: PolicyServices): Promise<Policy[]> =>
  Promise.all(members.map((member) => policyOf(member, around)));

/** Loads an ES module and lets it make its policy. Throws ConfigError with what is wrong with it. */
export async function loadPolicyModule(path: string, options: Readonly<Record<string, unknown>>): Promise<Policy> {
  const exported = await importDefault(path);
  if (typeof exported !== 'function')
    throw new ConfigError(
      `${path}: the policy module has no function as its default export`,
      'Write `export default (options) => ({ name, decide })`; docs/policies.md has an example.',
    );
  const policy: unknown = await attempt(path, 'making its policy', () => (exported as PolicyFactory)(options));
  if (isPolicy(policy)) return policy;
  throw new ConfigError(
    `${path}: what the policy module made is no policy`,
    'Return an object with a `name` and a function `decide`, and `notify` only as a function; docs/policies.md has an example.',
  );
}

const importDefault = (path: string): Promise<unknown> =>
  attempt(path, 'loading it', async () => {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return module.default;
  });

async function attempt<T>(path: string, doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${path}: ${doing} failed: ${words} (a policy module)`, 'Look at the module and its path.', {
      cause,
    });
  }
}

function isPolicy(value: unknown): value is Policy {
  if (typeof value !== 'object' || value === null) return false;
  const { name, decide, notify } = value as Partial<Record<keyof Policy, unknown>>;
  const hears = notify === undefined || typeof notify === 'function';
  return typeof name === 'string' && name !== '' && typeof decide === 'function' && hears;
}
