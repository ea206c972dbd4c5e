/** Reads a configuration file, and says who else can change what it names. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ConfigSource, type LoadedConfig, loadConfig } from '../config/load.ts';
import {
  type LoadedSections,
  loadCertifyingEndpoints,
  loadEndpointNames,
  loadPasswordEndpoints,
  loadSections,
  loadTwoPersons,
  type NamedEndpoint,
  type SectionName,
} from '../config/load-sections.ts';
import { decisiveFilesOf } from '../config/issuer-kinds.ts';
import { policiesIn } from '../config/policies.ts';
import { type RedactedConfig, redactedConfig } from '../config/redacted.ts';
import type { Config } from '../config/schema.ts';
import { foreignOwner, isReadableByAll, processUser } from './file-guard.ts';
import { readTextFile } from './files.ts';

/** Texts by absolute path, which are read in place of the files: what `ca rollover` is about to write. */
export type Instead = ReadonlyMap<string, string>;

/** Reads the file only, and no certificate or key that it names. Throws ConfigError. */
export const readConfig = (file: string, instead?: Instead): LoadedConfig =>
  loadConfig({ ...sourceOf(file), ...(instead && { readIfThere: (path) => instead.get(path) ?? textIfThere(path) }) });

/** As `readConfig`, for some sections: a command needs only the variables that these use. Throws ConfigError. */
export const readSections = <K extends SectionName>(
  file: string,
  names: readonly K[],
  unneeded: readonly string[] = [],
): LoadedSections<K> => loadSections(sourceOf(file), names, unneeded);

/** The `store` section in a text that is no file. Paths are relative to the working directory; `name` stands in errors. Throws ConfigError. */
export const readStoreText = (name: string, text: string): LoadedSections<'store'> =>
  loadSections({ ...sourceOf(name, text), file: name }, ['store']);

/** As `readConfig`, for the store and the endpoints with one-time passwords. Throws ConfigError. */
export const readPasswordEndpoints = (file: string): ReturnType<typeof loadPasswordEndpoints> =>
  loadPasswordEndpoints(sourceOf(file));

/** The name of each endpoint. Throws ConfigError. */
export const readEndpointNames = (file: string): NamedEndpoint[] => loadEndpointNames(sourceOf(file));

/** Whether two persons are asked for. Throws ConfigError when the file has no syntax. */
export const readTwoPersons = (file: string): boolean => loadTwoPersons(sourceOf(file));

/** The endpoints without a problem: what their certificates would contain. Throws ConfigError when the file has no syntax. */
export const readCertifyingEndpoints = (file: string): ReturnType<typeof loadCertifyingEndpoints> =>
  loadCertifyingEndpoints(sourceOf(file));

/** The configuration without its secrets, and what they are. Throws ConfigError when the file has no syntax. */
export const readRedacted = (file: string): RedactedConfig => redactedConfig(sourceOf(file));

const sourceOf = (file: string, text = readTextFile(file, 'the configuration')): ConfigSource => ({
  file: resolve(file),
  text,
  env: process.env,
  readFile: (path) => readTextFile(path, 'named in the configuration'),
  readIfThere: textIfThere,
  weaknessOf,
});

const textIfThere = (path: string): string | undefined =>
  existsSync(path) ? readTextFile(path, 'the rollovers of an authority') : undefined;

const weaknessOf = (path: string) =>
  isReadableByAll(path)
    ? { what: `every user of this machine may read ${path}`, remedy: `Run: chmod o-r ${path}` }
    : undefined;

/** A warning for each user, neither root nor this one, who owns files that decide what the server does. */
export function foreignFiles(file: string, config: Config): string[] {
  const owners = new Map<number, string[]>();
  for (const path of decisiveFiles(file, config)) {
    const owner = existsSync(path) ? foreignOwner(path) : undefined;
    if (owner !== undefined) owners.set(owner, [...(owners.get(owner) ?? []), path]);
  }
  return [...owners].map(
    ([owner, paths]) =>
      `the user ${owner} owns ${paths.join(', ')} and can change what the server does. If the server runs as that user, ` +
      `run this command as that user too; if not, run: chown ${processUser()} ${paths.join(' ')}`,
  );
}

/** The configuration, keys, modules of policies and issuers, rollovers, earlier CAs, public keys of the connector and of recovery officers, and the store. */
function decisiveFiles(
  file: string,
  { admin, audit, authorities, endpoints, listen, pfx, store }: Config,
): Set<string> {
  const keys = Object.values(authorities).flatMap(({ key, ra, previous = [] }) => [
    ...(key === undefined ? [] : [key]),
    ...previous.map((old) => old.key),
    ...(typeof ra === 'string' ? [] : [ra.key, ...(ra.retired ?? []).map((old) => old.key)]),
  ]);
  const modules = endpoints
    .flatMap(({ policy }) => policiesIn(policy))
    .flatMap(({ policy }) => (policy.kind === 'module' ? [policy.path] : []));
  const issuers = Object.values(authorities).flatMap(({ issuer }) => (issuer ? decisiveFilesOf(issuer) : []));
  return new Set([
    resolve(file),
    ...issuers,
    ...[...keys, ...(audit.key === undefined ? [] : [audit.key])]
      .filter((uri) => uri.startsWith('file:'))
      .map((uri) => uri.slice('file:'.length)),
    ...listen.places.flatMap(({ tls }) => (tls ? [tls.key] : [])),
    ...(admin?.tls ? [admin.tls.key] : []),
    ...modules,
    ...(pfx?.connector ? [pfx.connector.publicKey] : []),
    ...Object.values(pfx?.escrow?.officers ?? {}),
    ...Object.values(authorities).flatMap(({ rollover }) => (rollover ? [rollover.file] : [])),
    ...endpoints.flatMap(({ earlierCas }) => earlierCas.map(({ certificate }) => certificate)),
    ...(store.kind === 'sqlite' ? [store.path, dirname(store.path)] : []),
  ]);
}
