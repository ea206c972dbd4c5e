/** Rules across keys. Each rule is one small check; an error stops the start, a warning is logged. */
import { assertProfile } from '../ca/assert-profile.ts';
import { withAuthority } from '../ca/pointer-templates.ts';
import type { Profile } from '../ca/profile.ts';
import { ConfigError } from '../core/errors.ts';
import { EXTENDED_KEY_USAGES } from '../pkix/oids.ts';
import { canonicalPath } from '../http/paths.ts';
import { ADMIN_RULES } from './admin-rules.ts';
import { FIPS_RULES } from './fips.ts';
import type { EndpointConfig } from './endpoints.ts';
import { unknownPeople } from './people-section.ts';
import { sharedRa, unequalNames } from './shared-authority.ts';
import { asksIntune, asksIntuneEarly, passwordRules, wantsNotifications, weaknessOf } from './policies.ts';
import type { KeyPath } from './yaml/problems.ts';
import type { Finding } from './yaml/schema-problems.ts';
import { durationText } from './yaml/units.ts';
import {
  type Broken,
  eachEndpoint,
  eachPolicy,
  eachProfile,
  finding,
  type Rule,
  type ValidParts,
} from './valid-parts.ts';

const RULES: readonly Rule[] = [
  ...FIPS_RULES,
  { severity: 'error', check: eachProfile(tooLong) },
  // The CA refuses such a profile too, but without the line.
  { severity: 'error', check: eachProfile((profile) => (tooLong(profile) ? undefined : refusedByCa(profile))) },
  { severity: 'warning', check: eachProfile(everyPurpose) },
  { severity: 'error', check: samePath },
  { severity: 'error', check: sameName },
  { severity: 'error', check: uselessAdminPage },
  ...ADMIN_RULES,
  { severity: 'error', check: unknownPeople },
  { severity: 'error', check: eachEndpoint(approvalWithoutNotification) },
  { severity: 'error', check: eachEndpoint(unequalUsageProfiles) },
  { severity: 'error', check: eachEndpoint(kemWithoutKey) },
  { severity: 'warning', check: unequalNames },
  { severity: 'warning', check: sharedRa },
  {
    severity: 'warning',
    check: eachPolicy(({ key, policy }) => {
      const weakness = weaknessOf(policy);
      return weakness && { key: `${key}.${policy.kind}`, ...weakness };
    }),
  },
  {
    severity: 'warning',
    check: eachPolicy(({ key, policy }) =>
      asksIntuneEarly(policy)
        ? {
            key: `${key}.${policy.kind}`,
            what: 'Intune is not the last of these policies, so it may be asked about requests that a later one denies',
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
            what: 'single DES can be broken in hours, and with it the challenge in a message can be read',
            remedy: 'Use `des3` unless a device supports only DES.',
          }
        : undefined,
    ),
  },
];

/** What the rules of one severity find. */
export const applyRules = (valid: ValidParts, severity: Rule['severity']): Finding[] =>
  RULES.filter((rule) => rule.severity === severity).flatMap((rule) => rule.check(valid));

function tooLong({ validity, maxValidity }: Profile): Broken | undefined {
  if (validity <= maxValidity) return undefined;
  return {
    key: 'validity',
    what: `longer than \`maxValidity\`, which is ${durationText(maxValidity)}`,
    remedy: 'Shorten it, or raise `maxValidity`.',
  };
}

function everyPurpose({ extendedKeyUsage }: Profile): Broken | undefined {
  const at = extendedKeyUsage.indexOf(EXTENDED_KEY_USAGES.anyExtendedKeyUsage);
  if (at < 0) return undefined;
  return {
    key: `extendedKeyUsage.${at}`,
    what: 'some readers take anyExtendedKeyUsage for every purpose, also for those that the profile refuses, such as OCSP signing',
    remedy: 'Name the purposes that devices need.',
  };
}

function refusedByCa(profile: Profile): Broken | undefined {
  try {
    assertProfile(withAuthority(profile, 'NAME'));
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { key: '', what: error.message.replace(/^profile: /, ''), remedy: error.remedy };
  }
}

/** A finding for every endpoint that has the same value as an earlier one. `other` is the index of that one. */
function repeated(
  { endpoints }: ValidParts,
  valueOf: (endpoint: EndpointConfig) => string,
  broken: (other: string, endpoint: EndpointConfig) => Broken | undefined,
): Finding[] {
  const first = new Map<string, KeyPath>();
  return endpoints.flatMap(({ path, value: endpoint }) => {
    const value = valueOf(endpoint);
    const other = first.get(value);
    if (!other) first.set(value, path);
    return finding(path, other && broken(`endpoints[${other.at(-1)}]`, endpoint));
  });
}

function samePath(valid: ValidParts): Finding[] {
  return repeated(
    valid,
    ({ path }) => canonicalPath(path),
    (other) => ({
      key: 'path',
      what: `the same path as ${other}`,
      remedy: 'Give each endpoint a path of its own; letter case and a slash at the end make no difference.',
    }),
  );
}

/** A default name equals another name also when the other endpoint took over this path as its name. */
function sameName(valid: ValidParts): Finding[] {
  const paths = new Set(samePath(valid).map(({ path }) => path[1]));
  const endpoints = valid.endpoints.filter(({ path }) => !paths.has(path[1] ?? ''));
  return repeated(
    { ...valid, endpoints },
    ({ name }) => name,
    (other) => ({
      key: 'name',
      what: `the same name as ${other}`,
      remedy:
        'Give each endpoint a name of its own: its records in the store are found by it. The default is its path.',
    }),
  );
}

function uselessAdminPage({ endpoints, hasAdmins }: ValidParts): Finding[] {
  return endpoints.flatMap(({ path, value: { adminPage, policy } }) => {
    if (adminPage === undefined) return [];
    if (!passwordRules(policy))
      return finding(path, {
        key: 'adminPage',
        what: 'there is no administrator page without one-time passwords',
        remedy: 'Give the endpoint the policy `oneTime`, or remove the key.',
      });
    if (hasAdmins) return [];
    return finding(path, {
      key: 'adminPage',
      what: 'the page could not be used, because `admin.users` has nobody with a hash alone',
      remedy: 'Add `admin: { users: { NAME: HASH } }`, with a hash from `openndes hash-password`.',
    });
  });
}

function approvalWithoutNotification({ approval, policy }: EndpointConfig): Broken | undefined {
  if (approval !== 'manual' || !wantsNotifications(policy)) return undefined;
  const intune = asksIntune(policy);
  return {
    key: 'approval',
    what: `manual approval together with ${intune ? 'Intune' : 'a policy that wants notifications'}, which would not be notified of what was approved`,
    remedy: `Remove the key${intune ? ': Intune decides by itself' : ', or give the webhook `notify: none`'}.`,
  };
}

/** The value is absent where the authority has an error of its own. */
function kemWithoutKey({ kem, authority }: EndpointConfig): Broken | undefined {
  const value = authority.value as typeof authority.value | undefined;
  if (!kem || !value?.issuer) return undefined;
  return {
    key: 'kem',
    what: `an ML-KEM key needs the key of the CA, and the authority ${authority.name} has an \`issuer\``,
    remedy: 'Remove the key: clients encrypt to the RA of that authority.',
  };
}

/** Renewals look at these before the CA has chosen a profile. */
function unequalUsageProfiles({ profile, byUsage }: EndpointConfig): Broken | undefined {
  const others = Object.values(byUsage ?? {}).flatMap(({ value }) => (value as typeof value | undefined) ?? []);
  const settings = [profile.value as typeof profile.value | undefined, ...others].flatMap((value) =>
    value ? [JSON.stringify([value.renewBefore, value.maxLifetime, value.subject?.append])] : [],
  );
  if (new Set(settings).size <= 1) return undefined;
  return {
    key: 'profile',
    what: 'its profiles differ in `renewBefore`, `maxLifetime` or `subject.append`',
    remedy: 'Give all three profiles the same value.',
  };
}
