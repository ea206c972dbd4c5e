/** A configuration file and everything that it names: settings, authorities and keys. */
import { dirname } from 'node:path';
import { withAuthority } from '../ca/pointer-templates.ts';
import type { CaProduct } from '../ca/checked-issuer.ts';
import { DEFAULT_PROFILE, type Profile, profilesIn } from '../ca/profile.ts';
import { defined } from '../core/defined.ts';
import { equalBytes } from '../core/bytes.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Store } from '../core/store.ts';
import type { RevocationList, RevocationListOptions } from '../revocation/revocation-list.ts';
import type { MessageRules } from '../scep/open-context.ts';
import { type RegistrationAuthority, registrationAuthority } from '../scep/registration-authority.ts';
import { assertNoCaKey, openAuditKey } from './audit-key.ts';
import { assertFipsMode } from './fips-mode.ts';
import { type KeyRing, keyRing } from './key-ring.ts';
import { compareCa } from './ca-comparison.ts';
import { withOwnList } from './own-list.ts';
import { type LoadedPfxPlan, loadPfxPlan } from './pfx-plan.ts';
import { withShards } from './shards.ts';
import { type LoadedEarlierCa, loadEarlierCas } from './earlier-cas.ts';
import { type Authority, loadAuthority, loadChain, type LoadTools, presentRa, type Warn } from './loaded-authority.ts';
import { recorded } from './configured-store.ts';
import type { ReadSecret } from './stored-ra.ts';
import type { LoadedConfig, LoadedDocument } from '../config/load.ts';
import { type Attempt, ConfigProblems, type Problem, problemText } from '../config/yaml/problems.ts';
import type { EndpointConfig } from '../config/endpoints.ts';
import type { Reference } from '../config/references.ts';
import type { ProfileConfig } from '../config/profiles.ts';
import type { Config } from '../config/schema.ts';
import { challengeParties } from '../config/challenge-parties.ts';
import { type EndpointOptions, messageRules } from '../embed/enrollment.ts';
import { foreignFiles, type Instead, readConfig, readSections } from './configuration-file.ts';
import type { LoadedRa } from './ra-certificate.ts';
import { type AdminTlsFiles, loadAdminTls, loadTls, type TlsFiles } from './listener-tls.ts';

/** An endpoint of the configuration with its authority and the CAs of before loaded, and an issuer for its profile. */
export type LoadedEndpoint = {
  config: EndpointConfig;
  authority: Authority;
  issuer: CaProduct;
  earlierCas: readonly LoadedEarlierCa[];
};

/** An endpoint that is configured and not served, and why. */
export type NotServed = { endpoint: string; err: ConfigError };

/** A configuration with everything loaded that it names. `close` closes the keys and the CA products. */
export type Settings = {
  config: Config;
  /** What the settings in force are shown from: it may contain secrets. */
  document: LoadedDocument;
  authorities: ReadonlyMap<string, { name: string; authority: Authority }>;
  endpoints: readonly LoadedEndpoint[];
  /** The CA products, by the names of their authorities. */
  products: ReadonlyMap<string, CaProduct>;
  /** What signs the chain over the history; absent where no key is configured. */
  auditKey?: KeyProvider;
  /** Endpoints whose authority cannot be used, while others can; empty unless such a part was allowed. */
  notServed: readonly NotServed[];
  /** PEM, in the order of `listen.places`; undefined for one without TLS of its own. */
  tls: readonly (TlsFiles | undefined)[];
  /** PEM, of the administrator's listener; absent without TLS of its own. */
  adminTls?: AdminTlsFiles;
  /** How keys of people are made; absent where none are. */
  pfx?: LoadedPfxPlan;
  close: () => Promise<void>;
};

/**
 * `part`: problems of authorities leave out their endpoints, as long as one endpoint is left. `instead`: what the configuration would
 * be with these files.
 */
export type LoadOptions = { keys?: KeyRing | undefined; part?: boolean; instead?: Instead };

/** `endings`: warnings of certificates that end soon, which a running server announces by itself. */
export type Loaded = { settings: Settings; warnings: readonly string[]; endings: readonly string[] };

/** Reads the file and every certificate and key that it names. Throws ConfigProblems with all problems of them. */
export async function loadSettings(
  file: string,
  { keys = keyRing(), part = false, instead }: LoadOptions = {},
): Promise<Loaded> {
  const { config, document, warnings, problemAt } = readConfig(file, instead);
  const { attempt, problems, ofAuthorities } = attempts(problemAt);
  const found = new Set<string>();
  const endings = new Set<string>();
  const warn: Warn = (key, { what, remedy, ends }) =>
    void (ends ? endings : found).add(problemText(problemAt(key, new ConfigError(what, remedy))));
  const closing = [keys.close];
  const close = async (): Promise<void> => void (await Promise.all(closing.splice(0).map((each) => each())));
  try {
    if (config.fips?.required) await attempt(['fips', 'required'], () => assertFipsMode());
    await assertFolders(config, attempt);
    const authorities = await loadAuthorities(config, { attempt, warn, open: keys.open });
    for (const { authority } of authorities.values()) if (authority.close) closing.push(authority.close);
    await attempt(['authorities'], () => void listsOf(authorities));
    const auditKey = await loadAuditKey(config.audit, authorities, { attempt, open: keys.open });
    const loaded = await loadEndpoints(config, authorities, { attempt, warn });
    const products = await loadProducts(config, authorities, attempt);
    const tls: Settings['tls'] = await Promise.all(
      config.listen.places.map((each) => loadTls(each, { attempt, warn })),
    );
    const adminTls = await loadAdminTls(config.admin?.tls, { attempt, warn });
    const pfx = await loadPfxPlan(config, attempt);
    const endpoints = loaded.filter((each) => !ofAuthorities.has(nameOf(each)));
    const optional = new Set([...ofAuthorities.values()].flatMap((texts) => [...texts]));
    const served = part && endpoints.length > 0 && problems.size === optional.size;
    if (problems.size > 0 && !served) throw new ConfigProblems([...problems.values()]);
    const notServed = notServedOf(config, ofAuthorities);
    const settings = {
      config,
      document,
      authorities,
      endpoints,
      products,
      notServed,
      tls,
      close,
      ...defined({ auditKey, adminTls, pfx }),
    };
    return { settings, warnings: [...warnings, ...found, ...foreignFiles(file, config)], endings: [...endings] };
  } catch (error) {
    await close();
    throw error;
  }
}

const loadAuditKey = (
  config: Config['audit'],
  authorities: Settings['authorities'],
  { attempt, open }: Pick<LoadTools, 'attempt' | 'open'>,
): Promise<KeyProvider | undefined> =>
  attempt(['audit', 'key'], async () => {
    const key = await openAuditKey(config, open);
    if (key) assertNoCaKey(key, authorities.values());
    return key;
  });

/** The plan of keys of people in a file, and nothing else of it. Throws ConfigError, also when the file has no section `pfx`. */
export async function readPfxPlan(file: string): Promise<LoadedPfxPlan> {
  const config = readSections(file, ['pfx', 'fips']);
  const { attempt, problems } = attempts(config.problemAt);
  const plan = await loadPfxPlan(config, attempt);
  if (problems.size > 0) throw new ConfigProblems([...problems.values()]);
  if (plan) return plan;
  throw new ConfigError(`${file} has no section \`pfx\``, 'docs/pfx.md says what goes into it.');
}

/** Runs work with the settings of a file, and closes their keys afterwards. Throws ConfigError. */
export async function withSettings<T>(
  file: string,
  work: (settings: Settings, warnings: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const { settings, warnings, endings } = await loadSettings(file);
  try {
    return await work(settings, [...warnings, ...endings]);
  } finally {
    await settings.close();
  }
}

/** Endpoints that share an authority have the same problems, so each is kept once, by its text. */
function attempts(problemAt: LoadedConfig['problemAt']): {
  attempt: Attempt;
  problems: Map<string, Problem>;
  ofAuthorities: Map<string, Set<string>>;
} {
  const problems = new Map<string, Problem>();
  // The texts of the problems of each authority.
  const ofAuthorities = new Map<string, Set<string>>();
  const attempt: Attempt = async (key, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const problem = problemAt(key, error);
      const text = problemText(problem);
      problems.set(text, problem);
      const [section, name] = key;
      if (section === 'authorities' && typeof name === 'string')
        ofAuthorities.set(name, new Set(ofAuthorities.get(name)).add(text));
      return undefined;
    }
  };
  return { attempt, problems, ofAuthorities };
}

const notServedOf = ({ endpoints }: Config, ofAuthorities: ReadonlyMap<string, ReadonlySet<string>>): NotServed[] =>
  endpoints.flatMap(({ name, authority }) => {
    const texts = ofAuthorities.get(authority.name);
    const remedy = 'Correct it, run `openndes check`, and reload the server.';
    return texts ? [{ endpoint: name, err: new ConfigError([...texts].join('\n'), remedy) }] : [];
  });

/** Reads the rows of automatic RAs, which replicas have in the store; undefined where they are files. */
function secretsOf({ store }: Pick<Config, 'store'>): ReadSecret | undefined {
  if (store.kind !== 'postgres' || !store.secretsKeys) return undefined;
  return async (name) => {
    const [secret] = await recorded({ store }, async (opened) => [await opened.readSecret(name)]);
    return secret;
  };
}

async function loadAuthorities(
  config: Pick<Config, 'authorities' | 'store'>,
  { attempt, warn, open }: LoadTools,
): Promise<Settings['authorities']> {
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

async function loadEndpoints(
  { endpoints }: Config,
  authorities: Settings['authorities'],
  { attempt, warn }: Pick<LoadTools, 'attempt' | 'warn'>,
): Promise<LoadedEndpoint[]> {
  const loaded = [];
  for (const [index, config] of endpoints.entries()) {
    const { name } = config.authority;
    const authority = authorities.get(name)?.authority;
    const issuer = await attempt(['authorities', name], () => authority?.issuer(profileOf(config)));
    for (const profile of issuer ? profilesIn(profileOf(config)) : [])
      if (authority) await compareCa({ name, authority, profile }, { attempt, warn });
    if (!authority || !issuer) continue;
    const at = ['endpoints', index, 'renewal', 'from'];
    const earlierCas = await loadEarlierCas(config.earlierCas, { attempt, warn, at, present: authority.certificate });
    loaded.push({ config, authority, issuer, earlierCas });
  }
  return loaded;
}

/** Of an authority that no endpoint has any more too: certificates of it are revoked there. */
async function loadProducts(
  { profiles }: Config,
  authorities: Settings['authorities'],
  attempt: Attempt,
): Promise<Map<string, CaProduct>> {
  const [profile = DEFAULT_PROFILE] = Object.values(profiles);
  const products = new Map<string, CaProduct>();
  for (const { name, authority } of authorities.values()) {
    const product = await attempt(['authorities', name], () => authority.anyProduct?.(profile));
    if (product) products.set(name, product);
  }
  return products;
}

/** How the list of a CA is made; undefined when its certificate does not allow it to sign one. */
type ListMaker = (store: Store, shard?: RevocationListOptions['shard']) => RevocationList | undefined;

/** The CAs before the present one of an authority, each with the name of its list. */
export const previousLists = (name: string, { previous }: Pick<Authority, 'previous'>) =>
  previous.map((each, index) => ({ list: `${name}-${index + 1}`, ...each }));

/** The name of the list of the present CA of an authority. */
export const listName = (name: string, { list }: Pick<Authority, 'list'>): string => list ?? name;

/** Every list by the name in its URL: of each authority, and of the CAs before it. Throws ConfigError for a name used twice. */
export function listsOf(
  authorities: Settings['authorities'],
): Map<string, { certificate: Uint8Array; crl: ListMaker }> {
  const lists = new Map<string, { certificate: Uint8Array; crl: ListMaker }>();
  const all = [...authorities.values()].flatMap(({ name, authority }) => [
    {
      list: listName(name, authority),
      certificate: authority.certificate,
      crl: authority.crl,
    },
    ...previousLists(name, authority),
    ...authority.above.map(({ list, certificate, crl }) => ({ list, certificate, crl: () => crl })),
  ]);
  for (const { list, certificate, crl } of all) {
    // Authorities under one root name the same list of it.
    const same = lists.get(list);
    if (same && isAbove(same.certificate, authorities) && equalBytes(same.certificate, certificate)) continue;
    if (same)
      throw new ConfigError(
        `two revocation lists with the name ${list}`,
        'Give each previous CA, and each list of a CA above, a `list` of its own.',
      );
    lists.set(list, { certificate, crl });
  }
  return lists;
}

const isAbove = (certificate: Uint8Array, authorities: Settings['authorities']): boolean =>
  [...authorities.values()].some(({ authority: { above } }) =>
    above.some((each) => equalBytes(each.certificate, certificate)),
  );

/**
 * The part of the profile that the CA applies; `renewBefore` and `maxLifetime` belong to the endpoint. The URLs of this server are
 * those of the present CA.
 */
export function profileOf({
  profile,
  byUsage,
  authority,
}: Pick<EndpointConfig, 'profile' | 'byUsage' | 'authority'>): Profile {
  const others = byUsage && {
    byUsage: { signature: ofCa(byUsage.signature), encryption: ofCa(byUsage.encryption) },
  };
  const { name, value } = authority;
  const named = withOwnList(withAuthority({ ...ofCa(profile), ...others }, name), name, value.crl.list);
  return withShards(named, value.crl.list ?? name, value.crl.shards);
}

function ofCa({ name, value }: Reference<ProfileConfig>): Profile {
  const { renewBefore: _, maxLifetime: __, ...rest } = value;
  return { ...rest, name };
}

/** Automatic RA certificates have fixed names, so two authorities in one folder would overwrite each other's. */
async function assertFolders({ authorities, endpoints, store }: Config, attempt: Attempt): Promise<void> {
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
export type LoadedAuthorities = Pick<Settings, 'authorities'> & { config: Pick<Config, 'store' | 'authorities'> };

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

/** The RA of an endpoint and the rules of that endpoint; the RA alone of an authority that no endpoint uses. */
export type NamedRa = { of: string; ra: RegistrationAuthority; rules?: MessageRules };

/** Runs work with every RA of a configuration, to decrypt a captured message. Makes none. Throws ConfigError. */
export const withRas = <T>(file: string, work: (ras: NamedRa[]) => T | Promise<T>): Promise<T> =>
  withSettings(file, async ({ authorities, endpoints, config: { fips } }) => {
    const unused = [...authorities.values()].filter(({ name }) => !endpoints.some((each) => nameOf(each) === name));
    const found = await Promise.all([
      ...endpoints.map(async ({ config, authority }) => ({
        of: config.path,
        ra: await authority.existingRa(challengeParties(config.policy)),
        rules: messageRules({ ...config, ...keyTransport(fips) }),
      })),
      ...unused.map(async ({ name, authority }) => ({
        of: `the authority ${name}, which no endpoint uses`,
        ra: await authority.existingRa(undefined),
      })),
    ]);
    return work(found.flatMap(({ ra, ...rest }) => (ra ? [{ ...rest, ra: assembled(ra) }] : [])));
  });

/** What `fips` says about RSA PKCS#1 v1.5, as a setting of an endpoint. */
export const keyTransport = (fips: Config['fips']): Pick<EndpointOptions, 'pkcs1KeyTransport'> =>
  fips?.pkcs1KeyTransport === 'refuse' ? { pkcs1KeyTransport: 'refuse' } : {};

const assembled = ({ retired, signer, ...current }: LoadedRa): RegistrationAuthority =>
  registrationAuthority(current, retired, signer);

const nameOf = ({ config }: LoadedEndpoint): string => config.authority.name;
