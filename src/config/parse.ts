/** Parses the values of a file. Profiles and endpoints are parsed one by one, so that one mistake hides no other. */
import { z } from 'zod';
import { NDES_PATH } from '../core/ndes-path.ts';
import { hashOf } from './admin-access.ts';
import { grantsIn, usersWithoutCa } from './admin-rules.ts';
import { type EndpointReferences, endpointSchema } from './endpoints.ts';
import { DEFAULT_PROFILES, profileSchema } from './profiles.ts';
import type { Definitions, FileContext } from './references.ts';
import type { ValidParts } from './valid-parts.ts';
import { type Config, configSchema, fullSchema } from './schema.ts';
import type { KeyPath } from './yaml/problems.ts';
import { type Entry, entries } from './yaml/table.ts';

/**
 * `config` is absent when there are issues. `valid`: the profiles and endpoints without an issue of their own. `rows`:
 * every key of this file's schema, to describe issues.
 */
export type ParsedConfig = { config?: Config; valid: ValidParts; issues: z.core.$ZodIssue[]; rows: () => Entry[] };

/** Parses every value exactly once. */
export function parseConfig(values: unknown, files: FileContext): ParsedConfig {
  const frame = configSchema(files, { profile: z.unknown(), endpoint: z.unknown() }).safeParse(values);
  const writtenProfiles = valueAt(values, ['profiles']) ?? DEFAULT_PROFILES;
  const profiles = parseEntries('profiles', writtenProfiles, profileSchema());
  const namedProfiles = Object.fromEntries(profiles.valid.map(({ path, value }) => [path[1], value] as const));
  const context: EndpointReferences = {
    ...files,
    authorities: definitions(valueAt(values, ['authorities']), frame.data?.authorities),
    tenants: definitions(valueAt(values, ['tenants']), frame.data?.tenants),
    profiles: definitions(writtenProfiles, namedProfiles),
  };
  const endpoints = parseEntries('endpoints', valueAt(values, ['endpoints']), endpointSchema(context));
  const issues = [...(frame.error?.issues ?? []), ...profiles.issues, ...endpoints.issues];
  const users = Object.entries(frame.data?.admin?.users ?? {});
  const written: [string, unknown][] = Object.entries(valueAt(values, ['admin', 'users']) ?? {});
  const ofAdmin = {
    hasAdmins: written.some(([, user]) => !isContainer(user)),
    grants: grantsIn(frame.data?.admin),
    certificateUsers: usersWithoutCa(frame.data?.admin),
    names: {
      authorities: context.authorities.names,
      tenants: context.tenants.names,
      endpoints: endpointNames(valueAt(values, ['endpoints'])),
    },
  };
  const ofFips = {
    fips: frame.data?.fips?.required === true,
    scryptUsers: users.filter(([, user]) => hashOf(user).kdf === 'scrypt').map(([name]) => name),
  };
  const parsed = {
    valid: {
      profiles: profiles.valid,
      endpoints: endpoints.valid,
      ...ofAdmin,
      ...ofFips,
      people: frame.data?.pfx?.people,
    },
    issues,
    rows: () => entries(fullSchema(context)),
  };
  if (issues.length > 0 || !frame.success) return parsed;
  const served = endpoints.valid.map(({ value }) => value);
  return { ...parsed, config: { ...frame.data, profiles: namedProfiles, endpoints: served } };
}

/** Also of endpoints with an error. */
const endpointNames = (written: unknown): string[] =>
  (Array.isArray(written) ? written : []).map(
    (each: unknown) =>
      [valueAt(each, ['name']), valueAt(each, ['path'])].find((written) => typeof written === 'string') ?? NDES_PATH,
  );

const definitions = <T>(written: unknown, values: Readonly<Record<string, T>> = {}): Definitions<T> => ({
  names: isContainer(written) ? Object.keys(written) : [],
  values: new Map(Object.entries(values)),
});

/** The entries of a list or mapping; none when the value is neither, which the schema of the whole file reports. */
function parseEntries<T>(section: string, value: unknown, schema: z.ZodType<T>) {
  const valid: { path: [section: string, key: string | number]; value: T }[] = [];
  const issues: z.core.$ZodIssue[] = [];
  for (const [key, each] of isContainer(value) ? Object.entries(value) : []) {
    const path: [string, string | number] = [section, Array.isArray(value) ? Number(key) : key];
    const { data, error } = schema.safeParse(each);
    if (error) issues.push(...error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })));
    else valid.push({ path, value: data });
  }
  return { valid, issues };
}

/** The value at a path of plain data; undefined where there is none. */
export const valueAt = (values: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>(
    (value, part) => (isContainer(value) && Object.hasOwn(value, part) ? value[part] : undefined),
    values,
  );

const isContainer = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;
