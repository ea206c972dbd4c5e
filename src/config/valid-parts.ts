/** The parts of a file without errors, and how a rule checks each of them. */
import type { Profile } from '../ca/profile.ts';
import type { EndpointConfig } from './endpoints.ts';
import { policiesIn } from './policies.ts';
import type { KeyPath } from './yaml/problems.ts';
import type { Finding } from './yaml/schema-problems.ts';

/** The places that a role is limited to, by kind. */
export type GrantLimits = { endpoints?: string[]; authorities?: string[]; tenants?: string[] };

/** A value of the file and its path. */
export type Found<T> = { path: KeyPath; value: T };
/** The parts of a file without an error of their own, so that a mistake in one part hides no mistake in another. */
export type ValidParts = {
  profiles: readonly Found<Profile>[];
  endpoints: readonly Found<EndpointConfig>[];
  /** Whether `admin` has users of the page of NDES. */
  hasAdmins: boolean;
  /** What roles of `admin` are limited to. */
  grants: readonly Found<GrantLimits>[];
  /** Users with a certificate, where no CA of such certificates is named. */
  certificateUsers: readonly string[];
  /** The names that the file defines, also those of parts with an error. */
  names: Readonly<Record<keyof GrantLimits, readonly string[]>>;
  /** Whether `fips.required` is on. */
  fips: boolean;
  /** Users of `admin` whose hash was made with scrypt. */
  scryptUsers: readonly string[];
  /** Whose keys are made, as `pfx.people` names them. */
  people: { tenant: string; endpoint: string } | undefined;
};

/** A broken rule. `key` is relative to the profile or endpoint; empty for the whole of it. */
export type Broken = { key: string; what: string; remedy: string };
/** One check across keys. An error stops the start, a warning is logged. */
export type Rule = { severity: 'error' | 'warning'; check: (valid: ValidParts) => Finding[] };

/** A check of every profile. */
export const eachProfile =
  (check: (profile: Profile) => Broken | undefined): Rule['check'] =>
  ({ profiles }) =>
    profiles.flatMap(({ path, value }) => finding(path, check(value)));

/** A check of every endpoint. */
export const eachEndpoint =
  (check: (endpoint: EndpointConfig) => Broken | undefined): Rule['check'] =>
  ({ endpoints }) =>
    endpoints.flatMap(({ path, value }) => finding(path, check(value)));

/** A check of every policy, also of those within `allOf` and `anyOf`. */
export const eachPolicy =
  (check: (placed: ReturnType<typeof policiesIn>[number]) => Broken | undefined): Rule['check'] =>
  ({ endpoints }) =>
    endpoints.flatMap(({ path, value }) => policiesIn(value.policy).flatMap((placed) => finding(path, check(placed))));

/** The broken rule as a finding in the profile or endpoint at `path`; none when it is not broken. */
export function finding(path: KeyPath, broken: Broken | undefined): Finding[] {
  if (!broken) return [];
  const { key, what, remedy } = broken;
  const below = key.split('.').filter(Boolean);
  return [
    { path: [...path, ...below.map((part) => (/^\d+$/.test(part) ? Number(part) : part))], at: 'value', what, remedy },
  ];
}
