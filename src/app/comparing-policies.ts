/** The policies that compare the challenge with what the configuration or the store has, and call nothing else. */
import type { PolicyConfig } from '../config/policy-kinds.ts';
import type { Policy } from '../core/policy.ts';
import type { ChallengeStore } from '../core/store.ts';
import { systemClock } from '../embed/system.ts';
import { oneTimePolicy } from '../policy/one-time.ts';
import { staticPolicy } from '../policy/static.ts';

/** The configuration of such a policy. */
export type ComparingConfig = Extract<PolicyConfig, { kind: 'static' | 'oneTime' }>;

/** Whether it is one: any thread can make it. */
export const comparesOnly = (config: PolicyConfig): config is ComparingConfig =>
  config.kind === 'static' || config.kind === 'oneTime';

/** Makes it. */
export function comparingPolicy(config: ComparingConfig, store: Pick<ChallengeStore, 'findChallenge'>): Policy {
  if (config.kind === 'static') return staticPolicy(config);
  const { single } = config;
  return single === undefined ? oneTimePolicy({ store, clock: systemClock }) : staticPolicy({ challenge: single });
}
