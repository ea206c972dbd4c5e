/** The authorities of a configuration by their names, loaded; and their certificates, without any key. */
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { keyRing } from './key-ring.ts';
import { type Authority, loadAuthority, loadChain, type LoadTools, presentRa, type Warn } from './loaded-authority.ts';
import { recorded } from './configured-store.ts';
import type { ReadSecret } from './stored-ra.ts';
import { type Attempt, ConfigProblems } from '../config/yaml/problems.ts';
import type { Config } from '../config/schema.ts';
import { readSections } from './configuration-file.ts';
import { attempts } from './load-problems.ts';

/** By the names that the configuration gives them. */
export type NamedAuthorities = ReadonlyMap<string, { name: string; authority: Authority }>;

/** Reads the rows of automatic RAs, which replicas have in the store; undefined where they are files. */
function secretsOf({ store }: Pick<Config, 'store'>): ReadSecret | undefined {
  if (store.kind !== 'postgres' || !store.secretsKeys) return undefined;
  return async (name) => {
    const [secret] = await recorded({ store }, async (opened) => [await opened.readSecret(name)]);
    return secret;
  };
}

/** Those that can be loaded; `attempt` records the problems of the others. */
export async function loadAuthorities(
  config: Pick<Config, 'authorities' | 'store'>,
  { attempt, warn, open }: LoadTools,
): Promise<NamedAuthorities> {
  const authorities = new Map<string, { name: string; authority: Authority }>();
  const read = secretsOf(config);
  for (const [name, each] of Object.entries(config.authorities)) {
    const below: Attempt = (key, work) => attempt(['authorities', name, ...key], work);
    const warnBelow: Warn = (key, weakness) => warn(['authorities', name, ...key], weakness);
    const authority = await loadAuthority(
      each,
      { attempt: below, warn: warnBelow, open },
      read && { authority: name, read },
    );
    if (authority) authorities.set(name, { name, authority });
  }
  return authorities;
}

/** Automatic RA certificates have fixed names, so two authorities in one folder would overwrite each other's. */
export async function assertFolders({ authorities, endpoints, store }: Config, attempt: Attempt): Promise<void> {
  if (secretsOf({ store })) return;
  // The ML-KEM certificate is made there beside an RA of any form.
  const withKem = new Set(endpoints.filter(({ kem }) => kem).map(({ authority }) => authority.name));
  const owners = new Map<string, string>();
  for (const [name, { certificate, ra }] of Object.entries(authorities)) {
    if (ra !== 'auto' && ra !== 'split' && !withKem.has(name)) continue;
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

/** The authorities of a configuration, loaded, and where its store is. */
export type LoadedAuthorities = {
  authorities: NamedAuthorities;
  config: Pick<Config, 'store' | 'authorities'>;
};

/** Runs work with the authorities of a file, and loads nothing else. Throws ConfigError. */
export async function withAuthorities<T>(file: string, work: (loaded: LoadedAuthorities) => Promise<T>): Promise<T> {
  const config = readSections(file, ['authorities', 'store']);
  const { attempt, problems } = attempts(config.problemAt);
  const keys = keyRing();
  try {
    const authorities = await loadAuthorities(config, { attempt, warn: () => {}, open: keys.open });
    if (problems.size > 0) throw new ConfigProblems([...problems.values()]);
    return await work({ authorities, config });
  } finally {
    await keys.close();
  }
}

/** The certificates of an authority, DER. `chain`: the issuing CA first, the root last; `ra`: the one that signs first; read when called. */
export type AuthorityCertificates = { chain: readonly Uint8Array[]; ra: () => Promise<readonly Uint8Array[]> };

/** The certificates of each authority. Needs no key of a CA, and no store but for an RA that is there. Throws ConfigError. */
export async function readCertificates(file: string): Promise<Map<string, AuthorityCertificates>> {
  const { authorities, problemAt } = readSections(file, ['authorities'], ['key', 'passphrase']);
  const { attempt, problems } = attempts(problemAt);
  const found = new Map<string, AuthorityCertificates>();
  for (const [name, config] of Object.entries(authorities)) {
    const chain = await loadChain(config, (key, work) => attempt(['authorities', name, ...key], work));
    if (!chain) continue;
    const ra = async (): Promise<Uint8Array[]> => {
      const read = secretsOf(readSections(file, ['store']));
      return presentRa(config, chain, read && { authority: name, read });
    };
    found.set(name, { chain, ra });
  }
  if (problems.size > 0) throw new ConfigProblems([...problems.values()]);
  return found;
}
