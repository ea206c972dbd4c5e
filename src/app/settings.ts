/** A configuration file to what it stands for: typed settings, loaded authorities, the opened store. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RecipientKey } from '../cms/enveloped-data.ts';
import type { Logger } from '../core/contracts.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { registrationAuthority } from '../scep/registration-authority.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { type Authority, loadAuthority } from './authority.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { readFile } from './files.ts';
import { systemClock } from './system.ts';

export type Settings = {
  config: Config;
  authorities: ReadonlyMap<string, { name: string; authority: Authority }>;
};

/** Reads the file and every certificate and key that it names. Throws ConfigError. */
export function loadSettings(file: string): { settings: Settings; warnings: readonly string[] } {
  const { config, warnings } = readConfig(file);
  assertFolders(config);
  const authorities = new Map(
    Object.entries(config.authorities).map(([name, authority]) => [
      name,
      { name, authority: loadAuthority(authority) },
    ]),
  );
  for (const { authority, profile } of config.endpoints)
    authorities.get(authority)!.authority.issuer(config.profiles[profile]!);
  return { settings: { config, authorities }, warnings };
}

/** Automatic RA certificates have fixed names: two authorities would write over each other's. Throws ConfigError. */
function assertFolders({ authorities }: Config): void {
  const owners = new Map<string, string>();
  for (const [name, { certificate, ra }] of Object.entries(authorities)) {
    if (ra !== 'auto' && ra !== 'split') continue;
    const folder = dirname(certificate);
    const other = owners.get(folder);
    if (other !== undefined)
      throw new ConfigError(
        `authorities ${other} and ${name}: both keep their RA certificates in ${folder}`,
        'Put the certificate of each authority into a folder of its own, or name its RA under `ra`.',
      );
    owners.set(folder, name);
  }
}

/** Reads the file alone, and nothing that it names. Throws ConfigError. */
export function readConfig(file: string): { config: Config; warnings: readonly string[] } {
  const text = readFile(file, 'the configuration').toString('utf8');
  const path = resolve(file);
  const { config, warnings } = loadConfig({
    file: path,
    text,
    env: process.env,
    readFile: (name) => readFileSync(name, 'utf8'),
  });
  return { config, warnings };
}

/** The store that a configuration names, with nothing else loaded. Throws ConfigError. */
export function openConfiguredStore(file: string): Promise<Store> {
  return openStore(readConfig(file).config);
}

/** Opens the store of a configuration that is loaded already. Throws ConfigError. */
export const openStore = ({ store: { path } }: Config): Promise<Store> => openSqliteStore({ path, clock: systemClock });

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Every RA key of a configuration: what opens a captured message. Throws ConfigError. */
export async function loadServed(file: string): Promise<RecipientKey[]> {
  const { settings } = loadSettings(file);
  const ras = await Promise.all([...settings.authorities.values()].map(({ authority }) => authority.ra(SILENT)));
  return ras.flatMap(({ retired, ...current }) => [...registrationAuthority(current, retired).recipients]);
}
