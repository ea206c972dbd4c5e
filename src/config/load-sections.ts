/** Loads parts of a configuration: a command needs only the variables and files of the sections that it uses. */
import { z } from 'zod';
import { NDES_PATH } from '../core/ndes-path.ts';
import type { EndpointConfig } from './endpoints.ts';
import { type ConfigSource, type LoadedConfig, openDocument } from './load.ts';
import { parseConfig, valueAt } from './parse.ts';
import { passwordRules } from './policies.ts';
import { type Config, configSchema } from './schema.ts';
import { ConfigProblems, type KeyPath } from './yaml/problems.ts';
import { entries } from './yaml/table.ts';

/** The sections that can be loaded without the others. */
export type SectionName = 'store' | 'authorities' | 'audit' | 'backup' | 'fips' | 'pfx';

/** Some sections of a configuration. */
export type LoadedSections<K extends SectionName> = Pick<Config, K> & Pick<LoadedConfig, 'problemAt'>;

/**
 * The named sections. Problems of other sections are not looked for. `unneeded` names keys within these sections whose
 * references stay as they are written. Throws ConfigProblems.
 */
export function loadSections<K extends SectionName>(
  source: ConfigSource,
  names: readonly K[],
  unneeded: readonly string[] = [],
): LoadedSections<K> {
  const needed = (path: KeyPath): boolean =>
    names.some((name) => name === path[0]) && !path.some((key) => unneeded.includes(String(key)));
  const { values, files, problemsOf, problemAt } = openDocument(source, needed);
  const schema = configSchema(files, { profile: z.unknown(), endpoint: z.unknown() });
  const parsed = names.map((name) => ({ name, ...parsedSection(schema.shape[name], valueAt(values, [name])) }));
  const issues = parsed.flatMap(({ name, error }) =>
    (error?.issues ?? []).map((issue) => ({ ...issue, path: [name, ...issue.path] })),
  );
  const problems = problemsOf(issues, () => entries(schema));
  if (problems.length > 0) throw new ConfigProblems(problems);
  const sections = Object.fromEntries(parsed.map(({ name, data }) => [name, data])) as Pick<Config, K>;
  return { ...sections, problemAt };
}

/** A section that may be left out, and is, has no value and no problem. */
const parsedSection = (schema: z.ZodType, value: unknown): { data?: unknown; error?: z.ZodError | undefined } =>
  value === undefined && schema instanceof z.ZodExactOptional ? {} : schema.safeParse(value);

/** An endpoint by its name in the store, and the authority that it names, if it names one. */
export type NamedEndpoint = { name: string; authority?: string };

/** What an endpoint is called is all that is looked at; entries with problems there are left out. Throws ConfigProblems. */
export function loadEndpointNames(source: ConfigSource): NamedEndpoint[] {
  const { values } = openDocument(source, (path) => path[0] === 'endpoints' && NAMING.includes(String(path[2])));
  const written = valueAt(values, ['endpoints']);
  return (Array.isArray(written) ? written : []).flatMap((each: unknown) => {
    const { success, data } = named.safeParse(each);
    if (!success) return [];
    const { path, name = path, authority } = data;
    return [{ name, ...(authority !== undefined && { authority }) }];
  });
}

/** Whether `admin.twoPersons` is on. Nothing else is looked at. Throws ConfigProblems when the file has no syntax. */
export function loadTwoPersons(source: ConfigSource): boolean {
  const { values } = openDocument(source, (path) => path.join('.') === 'admin.twoPersons');
  return ['true', true].includes(valueAt(values, ['admin', 'twoPersons']) as string | boolean);
}

const NAMING: readonly string[] = ['path', 'name', 'authority'];
const named = z.object({
  path: z.string().default(NDES_PATH),
  name: z.string().optional(),
  authority: z.string().optional(),
});

/** The store, and the endpoints with one-time passwords. Other policies may have problems. Throws ConfigProblems. */
export function loadPasswordEndpoints(source: ConfigSource): Pick<Config, 'store'> & { endpoints: EndpointConfig[] } {
  const { store } = loadSections(source, ['store']);
  const { values, files, problemsOf } = openDocument(source, isOfPasswords);
  const { valid, issues, rows } = parseConfig(values, files);
  const problems = problemsOf(
    issues.filter(({ path }) => isOfPasswords(path.map(String))),
    rows,
  );
  if (problems.length > 0) throw new ConfigProblems(problems);
  const endpoints = valid.endpoints.map(({ value }) => value);
  return { store, endpoints: endpoints.filter(({ policy }) => passwordRules(policy) !== undefined) };
}

/**
 * The endpoints without a problem, with their authorities and profiles, for what certificates would contain. References in
 * policies and passphrases stay as they are written.
 */
export function loadCertifyingEndpoints(source: ConfigSource): EndpointConfig[] {
  const { values, files } = openDocument(source, (path) => !path.some((key) => SECRETIVE.includes(String(key))));
  const endpoints = parseConfig(values, files).valid.endpoints.map(({ value }) => value);
  // A reference to something with a problem has no value.
  return endpoints.filter(({ authority, profile, byUsage = {} }) =>
    [authority, profile, ...Object.values(byUsage)].every(({ value }) => value !== undefined),
  );
}

const SECRETIVE = ['policy', 'passphrase'];

/** Whether a value belongs to an endpoint, and not to a policy other than `oneTime`. */
const isOfPasswords = (path: KeyPath): boolean =>
  path[0] === 'endpoints' && (!path.includes('policy') || path.includes('oneTime'));
