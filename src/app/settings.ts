/** A configuration file and everything that it names: settings, authorities, keys and the store. */
import { dirname } from 'node:path';
import type { Profile } from '../ca/profile.ts';
import type { RecipientKey } from '../cms/enveloped-data.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { Issuer } from '../core/issuer.ts';
import type { Store } from '../core/store.ts';
import { registrationAuthority } from '../scep/registration-authority.ts';
import { hasCurrentSchema, openSqliteStore } from '../store/sqlite.ts';
import { claimSqlite } from '../store/sqlite-claim.ts';
import { type KeyRing, keyRing } from './key-ring.ts';
import { type Authority, loadAuthority, type LoadTools } from './loaded-authority.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type Attempt, ConfigProblems, type Problem, problemText } from '../config/yaml/problems.ts';
import { challengeParties } from '../config/challenge-parties.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import type { Config } from '../config/schema.ts';
import { foreignFiles, readConfig } from './configuration-file.ts';
import { systemClock } from '../embed/system.ts';
import { loadTls, type TlsFiles } from './listener-tls.ts';

/** An endpoint of the configuration with its authority loaded and an issuer for its profile. */
export type LoadedEndpoint = { config: EndpointConfig; authority: Authority; issuer: Issuer };

/** A configuration with everything loaded that it names. `close` closes the keys. */
export type Settings = {
  config: Config;
  authorities: ReadonlyMap<string, { name: string; authority: Authority }>;
  endpoints: readonly LoadedEndpoint[];
  /** PEM, for a listener with TLS of its own. */
  tls?: TlsFiles;
  close: () => Promise<void>;
};

/** Reads the file and every certificate and key that it names. Throws ConfigProblems with all problems of them. */
export async function loadSettings(
  file: string,
  keys: KeyRing = keyRing(),
): Promise<{ settings: Settings; warnings: readonly string[] }> {
  const { config, warnings, problemAt } = readConfig(file);
  const { attempt, problems } = attempts(problemAt);
  try {
    await assertFolders(config, attempt);
    const authorities = await loadAuthorities(config, { attempt, open: keys.open });
    const endpoints = await loadEndpoints(config, authorities, attempt);
    const { tls: paths } = config.listen;
    const tls = paths && (await loadTls(paths, attempt));
    if (problems.size > 0) throw new ConfigProblems([...problems.values()]);
    const settings = { config, authorities, endpoints, ...defined({ tls }), close: keys.close };
    return { settings, warnings: [...warnings, ...foreignFiles(file, config)] };
  } catch (error) {
    await keys.close();
    throw error;
  }
}

/** Runs work with the settings of a file, and closes their keys afterwards. Throws ConfigError. */
export async function withSettings<T>(
  file: string,
  work: (settings: Settings, warnings: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const { settings, warnings } = await loadSettings(file);
  try {
    return await work(settings, warnings);
  } finally {
    await settings.close();
  }
}

/** Endpoints that share an authority have the same problems, so each is kept once, by its text. */
function attempts(problemAt: LoadedConfig['problemAt']): { attempt: Attempt; problems: Map<string, Problem> } {
  const problems = new Map<string, Problem>();
  const attempt: Attempt = async (key, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const problem = problemAt(key, error);
      problems.set(problemText(problem), problem);
      return undefined;
    }
  };
  return { attempt, problems };
}

async function loadAuthorities(config: Config, { attempt, open }: LoadTools): Promise<Settings['authorities']> {
  const authorities = new Map<string, { name: string; authority: Authority }>();
  for (const [name, each] of Object.entries(config.authorities)) {
    const below: Attempt = (key, work) => attempt(['authorities', name, ...key], work);
    const authority = await loadAuthority(each, { attempt: below, open });
    if (authority) authorities.set(name, { name, authority });
  }
  return authorities;
}

async function loadEndpoints(
  { endpoints }: Config,
  authorities: Settings['authorities'],
  attempt: Attempt,
): Promise<LoadedEndpoint[]> {
  const loaded = [];
  for (const config of endpoints) {
    const { name } = config.authority;
    const authority = authorities.get(name)?.authority;
    const issuer = await attempt(['authorities', name], () => authority?.issuer(profileOf(config)));
    if (authority && issuer) loaded.push({ config, authority, issuer });
  }
  return loaded;
}

/** The part of the profile that the CA applies; `renewBefore` and `maxLifetime` belong to the endpoint. */
function profileOf({ profile }: EndpointConfig): Profile {
  const { renewBefore: _, maxLifetime: __, ...rest } = profile.value;
  return rest;
}

/** Automatic RA certificates have fixed names, so two authorities in one folder would overwrite each other's. */
async function assertFolders({ authorities }: Config, attempt: Attempt): Promise<void> {
  const owners = new Map<string, string>();
  for (const [name, { certificate, ra }] of Object.entries(authorities)) {
    if (ra !== 'auto' && ra !== 'split') continue;
    const folder = dirname(certificate);
    const other = owners.get(folder);
    if (other !== undefined)
      await attempt(['authorities', name, 'certificate'], () => {
        throw new ConfigError(
          `authorities ${other} and ${name}: both keep their RA certificates in ${folder}`,
          'Put the certificate of each authority into a folder of its own, or name its RA under `ra`.',
        );
      });
    owners.set(folder, name);
  }
}

/** Opens the store that a configuration file names, and loads nothing else. Throws ConfigError. */
export const openConfiguredStore = async (file: string): Promise<Store> => openStore(readConfig(file).config);

/** Opens the store of a loaded configuration. Throws ConfigError. */
export const openStore = ({ store: { path } }: Config): Promise<Store> => openSqliteStore({ path, clock: systemClock });

/** The endpoint names in the store; none when it does not exist, or when only a newer or older version can read it. */
export async function recordedEndpoints(config: Config): Promise<string[]> {
  if (!hasCurrentSchema(config.store.path)) return [];
  const store = await openStore(config);
  try {
    return await store.endpointNames();
  } finally {
    await store.close();
  }
}

/** Opens the store for a server, of which there may be one at a time; closing it lets the next one start. Throws ConfigError. */
export async function claimStore({ store: { path } }: Config, warn: (message: string) => void): Promise<Store> {
  const { release } = claimSqlite(path);
  try {
    const store = await openSqliteStore({ path, clock: systemClock, claimed: true, warn });
    return { ...store, close: () => store.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

/** Runs work with every RA key of a configuration, to decrypt a captured message. Throws ConfigError. */
export const withRecipientKeys = <T>(file: string, work: (keys: RecipientKey[]) => T | Promise<T>): Promise<T> =>
  withSettings(file, async ({ authorities, endpoints }) => {
    const unused = [...authorities.values()].filter(({ name }) => !endpoints.some((each) => nameOf(each) === name));
    const ras = await Promise.all([
      ...unused.map(({ authority }) => authority.ra(() => {}, undefined)),
      ...endpoints.map(({ config, authority }) => authority.ra(() => {}, challengeParties(config.policy))),
    ]);
    return work(ras.flatMap(({ retired, ...current }) => [...registrationAuthority(current, retired).recipients]));
  });

const nameOf = ({ config }: LoadedEndpoint): string => config.authority.name;
