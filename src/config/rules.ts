/** What must fit together across keys. Each rule is one small check; an error stops the start, a warning is said. */
import { assertProfile, type Profile } from '../ca/profile.ts';
import { ConfigError } from '../core/errors.ts';
import { canonicalPath } from '../http/paths.ts';
import type { Finding } from './yaml/schema-problems.ts';
import { asksIntune, wantsNotifications, oneTimeIn, policiesIn } from './policies.ts';
import type { KeyPath } from './yaml/problems.ts';
import type { EndpointConfig } from './schema.ts';
import { durationText } from './yaml/units.ts';

export type Found<T> = { path: KeyPath; value: T };
/** The parts of a file that are right by themselves, so that a mistake in one hides none of another. */
export type ValidParts = {
  profiles: readonly Found<Profile>[];
  endpoints: readonly Found<EndpointConfig>[];
  hasAdmins: boolean;
};

type Broken = { key: string; what: string; remedy: string };
type Rule = { severity: 'error' | 'warning'; check: (sound: ValidParts) => Finding[] };

const SHORTEST_CHALLENGE = 8;

const eachProfile =
  (check: (profile: Profile) => Broken | undefined): Rule['check'] =>
  ({ profiles }) =>
    profiles.flatMap(({ path, value }) => finding(path, check(value)));

const eachEndpoint =
  (check: (endpoint: EndpointConfig) => Broken | undefined): Rule['check'] =>
  ({ endpoints }) =>
    endpoints.flatMap(({ path, value }) => finding(path, check(value)));

/** Those within `allOf` and `anyOf` too. */
const eachPolicy =
  (check: (placed: ReturnType<typeof policiesIn>[number]) => Broken | undefined): Rule['check'] =>
  ({ endpoints }) =>
    endpoints.flatMap(({ path, value }) => policiesIn(value.policy).flatMap((placed) => finding(path, check(placed))));

function finding(path: KeyPath, broken: Broken | undefined): Finding[] {
  if (!broken) return [];
  const { key, what, remedy } = broken;
  const below = key.split('.').filter(Boolean);
  return [
    { path: [...path, ...below.map((part) => (/^\d+$/.test(part) ? Number(part) : part))], at: 'value', what, remedy },
  ];
}

const RULES: readonly Rule[] = [
  { severity: 'error', check: eachProfile(tooLong) },
  // What the CA room refuses is refused here with its words, so that the line is known.
  { severity: 'error', check: eachProfile((profile) => (tooLong(profile) ? undefined : refusedByCa(profile))) },
  { severity: 'error', check: samePath },
  { severity: 'error', check: uselessAdminPage },
  {
    severity: 'error',
    check: eachEndpoint(({ approval, policy }) =>
      approval === 'manual' && wantsNotifications(policy)
        ? {
            key: 'approval',
            what: `manual approval together with ${asksIntune(policy) ? 'Intune' : 'a policy that hears of certificates'}, which would never hear of what was approved`,
            remedy: `Remove the key${asksIntune(policy) ? ': Intune decides for itself' : ', or give the webhook `notify: none`'}.`,
          }
        : undefined,
    ),
  },
  {
    severity: 'warning',
    check: eachPolicy(({ key, policy }) =>
      policy.kind === 'static' && policy.challenge.length < SHORTEST_CHALLENGE
        ? {
            key: `${key}.static`,
            what: `a challenge of fewer than ${SHORTEST_CHALLENGE} characters can be guessed`,
            remedy: 'Give a long random one, for example from `openssl rand -hex 24`.',
          }
        : undefined,
    ),
  },
  {
    severity: 'warning',
    check: eachPolicy(({ key, policy }) =>
      policy.kind === 'allOf' && policy.policies.slice(0, -1).some(asksIntune)
        ? {
            key: `${key}.allOf`,
            what: 'Intune is not the last of these policies, so it may hear of requests that a later one refuses',
            remedy: 'Put the policy with `intune` last.',
          }
        : undefined,
    ),
  },
  {
    severity: 'warning',
    check: eachEndpoint(({ policy, requireSignerKeyMatch }) =>
      asksIntune(policy) && requireSignerKeyMatch
        ? {
            key: 'requireSignerKeyMatch',
            what: 'no Windows device of the tenant will get a certificate, because Windows signs with another key',
            remedy: 'Remove the key, unless only other devices enrol here.',
          }
        : undefined,
    ),
  },
  {
    severity: 'warning',
    check: eachEndpoint(({ legacy }) =>
      legacy.includes('des')
        ? {
            key: 'legacy',
            what: 'single DES can be broken in hours, and the challenge in a message with it',
            remedy: 'Use `des3` unless a device knows nothing else.',
          }
        : undefined,
    ),
  },
];

/** What the rules of a severity find. */
export const applyRules = (sound: ValidParts, severity: Rule['severity']): Finding[] =>
  RULES.filter((rule) => rule.severity === severity).flatMap((rule) => rule.check(sound));

function tooLong({ validity, maxValidity }: Profile): Broken | undefined {
  if (validity <= maxValidity) return undefined;
  return {
    key: 'validity',
    what: `longer than \`maxValidity\`, which is ${durationText(maxValidity)}`,
    remedy: 'Shorten it, or raise `maxValidity`.',
  };
}

function refusedByCa(profile: Profile): Broken | undefined {
  try {
    assertProfile(profile);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { key: '', what: error.message.replace(/^profile: /, ''), remedy: error.remedy };
  }
}

function samePath({ endpoints }: ValidParts): Finding[] {
  const first = new Map<string, KeyPath>();
  return endpoints.flatMap(({ path, value }) => {
    const canonical = canonicalPath(value.path);
    const other = first.get(canonical);
    if (!other) first.set(canonical, path);
    return finding(
      path,
      other && {
        key: 'path',
        what: `the same path as endpoints[${other.at(-1)}]`,
        remedy: 'Give each endpoint a path of its own; letter case and a slash at the end make no difference.',
      },
    );
  });
}

function uselessAdminPage({ endpoints, hasAdmins }: ValidParts): Finding[] {
  return endpoints.flatMap(({ path, value: { adminPage, policy } }) => {
    if (adminPage === undefined) return [];
    if (!oneTimeIn(policy))
      return finding(path, {
        key: 'adminPage',
        what: 'there is no administrator page without one-time passwords',
        remedy: 'Give the endpoint the policy `oneTime`, or remove the key.',
      });
    if (hasAdmins) return [];
    return finding(path, {
      key: 'adminPage',
      what: 'nobody could use the page, because `admin.users` names nobody',
      remedy: 'Add `admin: { users: { NAME: HASH } }`, with a hash from `openndes hash-password`.',
    });
  });
}
