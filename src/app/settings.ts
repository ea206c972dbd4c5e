/** A configuration file and everything that it names: settings, authorities and keys. */
import type { CaProduct } from '../ca/checked-issuer.ts';
import { defined } from '../core/defined.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { assertNoCaKey, openAuditKey } from './audit-key.ts';
import { assertFipsMode } from './fips-mode.ts';
import { type KeyRing, keyRing } from './key-ring.ts';
import { type LoadedPfxPlan, loadPfxPlan } from './pfx-plan.ts';
import type { LoadTools, Warn } from './loaded-authority.ts';
import type { LoadedDocument } from '../config/load.ts';
import { ConfigProblems, problemText } from '../config/yaml/problems.ts';
import type { Config } from '../config/schema.ts';
import { foreignFiles, type Instead, readConfig, readSections } from './configuration-file.ts';
import { type AdminTlsFiles, loadAdminTls, loadTls, type TlsFiles } from './listener-tls.ts';
import { attempts } from './load-problems.ts';
import { type NamedAuthorities, loadAuthorities, assertFolders } from './named-authorities.ts';
import { listsOf } from './named-lists.ts';
import {
  type LoadedEndpoint,
  type NotServed,
  notServedOf,
  loadEndpoints,
  loadProducts,
  authorityOf,
} from './loaded-endpoints.ts';

/** A configuration with everything loaded that it names. `close` closes the keys and the CA products. */
export type Settings = {
  config: Config;
  /** What the settings in force are shown from: it may contain secrets. */
  document: LoadedDocument;
  authorities: NamedAuthorities;
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
    const endpoints = loaded.filter((each) => !ofAuthorities.has(authorityOf(each)));
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
  authorities: NamedAuthorities,
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
