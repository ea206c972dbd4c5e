/** The endpoints that the requests are sent to, and what each policy must say. Written by hand. */
import type { Challenge } from './challenges.table.ts';

type Verdict = Challenge['countsAs'];
/** The code of the refusal. A policy that allows has no row. */
type Denials = Readonly<Partial<Record<Verdict, string>>>;

export type Endpoint = {
  /** As openndes.yaml writes it. */
  settings: string;
  /** What the policy answers to a challenge that it does not allow. */
  denies: Denials;
  /** Whether a live certificate renews without a challenge. Intune and webhooks decide about renewals too. */
  renewsByItself: boolean;
  /** RenewalReq is refused. */
  renewalOff?: true;
  manual?: true;
  oneKey?: true;
};

const STATIC = { missing: 'challenge_missing', wrong: 'challenge_wrong' } as const;
const INTUNE = {
  missing: 'challenge_missing',
  wrong: 'intune_denied',
  expired: 'intune_denied',
  otherSubject: 'intune_denied',
} as const;
const DENIED = 'policy_denied';

const ENDPOINT_ROWS = {
  static: { settings: 'policy: { static }', denies: STATIC, renewsByItself: true },
  'one-time': {
    settings: 'policy: { oneTime }',
    denies: { ...STATIC, used: 'challenge_used', expired: 'challenge_expired', otherSubject: DENIED },
    renewsByItself: true,
  },
  manual: {
    settings: 'policy: { static }, approval: manual',
    denies: STATIC,
    renewsByItself: true,
    manual: true,
  },
  intune: { settings: 'policy: { intune }', denies: INTUNE, renewsByItself: false },
  webhook: {
    settings: 'policy: { webhook }, which allows one challenge',
    denies: { missing: DENIED, wrong: DENIED },
    renewsByItself: false,
  },
  'all-of': {
    settings: 'policy: { allOf: [module that allows, static] }',
    denies: STATIC,
    renewsByItself: true,
  },
  'all-of-denies': {
    settings: 'policy: { allOf: [module that denies, static] }',
    denies: { missing: DENIED, wrong: DENIED, right: DENIED },
    renewsByItself: true,
  },
  'all-of-intune': {
    settings: 'policy: { allOf: [module that allows, intune] }',
    denies: INTUNE,
    renewsByItself: false,
  },
  'any-of': {
    settings: 'policy: { anyOf: [static, oneTime] }, sent the one-time password',
    denies: { ...STATIC, used: DENIED, expired: DENIED },
    renewsByItself: true,
  },
  'no-renewal': {
    settings: 'policy: { static }, renewal: false',
    denies: STATIC,
    renewsByItself: false,
    renewalOff: true,
  },
  'one-key': {
    settings: 'policy: { static }, requireSignerKeyMatch: true',
    denies: STATIC,
    renewsByItself: true,
    oneKey: true,
  },
} satisfies Record<string, Endpoint>;

/** A name of an endpoint, which is its path too. */
export type EndpointName = keyof typeof ENDPOINT_ROWS;
export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = ENDPOINT_ROWS;
