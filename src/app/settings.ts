/** A configuration file to what it stands for: typed settings, loaded authorities, the opened store. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RecipientKey } from '../cms/enveloped-data.ts';
import type { Logger } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { registrationAuthority } from '../scep/registration-authority.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { claimSqlite } from '../store/sqlite-claim.ts';
import { type Authority, loadAuthority } from './loaded-authority.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { type Attempt, ConfigProblems, type Problem, problemText } from '../config/yaml/problems.ts';
import type { Config } from '../config/schema.ts';
import { readFile } from './files.ts';
import { systemClock } from '../embed/system.ts';
import { loadTls, type TlsFiles } from './listener-tls.ts';

export type Settings = {
  config: Config;
  authorities: ReadonlyMap<string, { name: string; authority: Authority }>;
  /** PEM, for a listener that speaks TLS itself. */
  tls?: TlsFiles;
};

/** Reads the file and every certificate and key that it names. Throws ConfigProblems with all that is wrong with them. */
export function loadSettings(file: string): { settings: Settings; warnings: readonly string[] } {
  const { config, warnings, problemAt } = readConfig(file);
  const problems = new Map<string, Problem>();
  const attempt: Attempt = (key, work) => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const problem = problemAt(key, error);
      // Endpoints that share an authority would each say it.
      problems.set(problemText(problem), problem);
      return undefined;
    }
  };
  assertFolders(config, attempt);
  const authorities = loadAuthorities(config, attempt);
  const { tls: named } = config.listen;
  const tls = named && loadTls(named, attempt);
  if (problems.size > 0) throw new ConfigProblems([...problems.values()]);
  return { settings: { config, authorities, ...(tls && { tls }) }, warnings };
}

function loadAuthorities(config: Config, attempt: Attempt): Settings['authorities'] {
  const authorities = new Map<string, { name: string; authority: Authority }>();
  for (const [name, each] of Object.entries(config.authorities)) {
    const authority = loadAuthority(each, (key, work) => attempt(['authorities', name, ...key], work));
    if (authority) authorities.set(name, { name, authority });
  }
  for (const { authority, profile } of config.endpoints)
    attempt(['authorities', authority], () => authorities.get(authority)?.authority.issuer(config.profiles[profile]!));
  return authorities;
}

/** Automatic RA certificates have fixed names: two authorities would write over each other's. */
function assertFolders({ authorities }: Config, attempt: Attempt): void {
  const owners = new Map<string, string>();
  for (const [name, { certificate, ra }] of Object.entries(authorities)) {
    if (ra !== 'auto' && ra !== 'split') continue;
    const folder = dirname(certificate);
    const other = owners.get(folder);
    if (other !== undefined)
      attempt(['authorities', name, 'certificate'], () => {
        throw new ConfigError(
          `authorities ${other} and ${name}: both keep their RA certificates in ${folder}`,
          'Put the certificate of each authority into a folder of its own, or name its RA under `ra`.',
        );
      });
    owners.set(folder, name);
  }
}

/** Reads the file alone, and nothing that it names. Throws ConfigError. */
export function readConfig(file: string): LoadedConfig {
  const text = readFile(file, 'the configuration').toString('utf8');
  const readNamed = (name: string): string => readFileSync(name, 'utf8');
  return loadConfig({ file: resolve(file), text, env: process.env, readFile: readNamed });
}

/** The store that a configuration names, with nothing else loaded. Throws ConfigError. */
export function openConfiguredStore(file: string): Promise<Store> {
  return openStore(readConfig(file).config);
}

/** Opens the store of a configuration that is loaded already. Throws ConfigError. */
export const openStore = ({ store: { path } }: Config): Promise<Store> => openSqliteStore({ path, clock: systemClock });

/** As `openStore`, for the one server that it may have; closing it lets the next one in. Throws ConfigError. */
export async function claimStore({ store: { path } }: Config): Promise<Store> {
  const { release } = claimSqlite(path);
  try {
    const store = await openSqliteStore({ path, clock: systemClock, claimed: true });
    return { ...store, close: () => store.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Every RA key of a configuration: what opens a captured message. Throws ConfigError. */
export async function loadRecipientKeys(file: string): Promise<RecipientKey[]> {
  const { settings } = loadSettings(file);
  const ras = await Promise.all([...settings.authorities.values()].map(({ authority }) => authority.ra(SILENT)));
  return ras.flatMap(({ retired, ...current }) => [...registrationAuthority(current, retired).recipients]);
}
