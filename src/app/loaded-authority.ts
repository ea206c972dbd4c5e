/** An authority of the configuration, loaded: its certificates, its key and its RA. */
import { dirname } from 'node:path';
import { localAuthority } from '../ca/local-authority.ts';
import { readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { maySignCrl } from '../revocation/certificate-list.ts';
import type { CaProduct } from '../ca/checked-issuer.ts';
import type { Profile } from '../ca/profile.ts';
import { commonPeriod } from '../ca/validity.ts';
import { equalBytes } from '../core/bytes.ts';
import type { KeyCalls, KeyProvider } from '../core/keys.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { defined } from '../core/defined.ts';
import { standingOf, standingText } from '../core/watched.ts';
import { type AboveList, type AboveListConfig, loadAboveList } from './above-lists.ts';
import { ConfigError } from '../core/errors.ts';
import type { SecretStore, Store } from '../core/store.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import { type KeyedCertificate, registrationAuthority } from '../scep/registration-authority.ts';
import type { Attempt, KeyPath, Weakness } from '../config/yaml/problems.ts';
import type { AuthorityConfig } from '../config/authorities.ts';
import type { IssuerConfig } from '../config/issuer-kinds.ts';
import { productsOf } from './authority-elsewhere.ts';
import { readTrustedFile } from './files.ts';
import type { KeyRing } from './key-ring.ts';
import { endedPrevious, loadPrevious, type PreviousCa } from './previous-ca.ts';
import { type Certificates, certificatesFrom } from './certificate-files.ts';
import { checkAutomaticRa, existingAutomaticRa, presentAutomaticRa, raKey, readRaCertificate } from './ra.ts';
import type { IssuingCa, LoadedRa, RaForm } from './ra-certificate.ts';
import { assertOwnRa, missingUsages } from './own-ra.ts';
import { revocationList } from '../embed/revocation-list-of.ts';
import { fixedRa, type RaKeeper, renewedRa } from './ra-keeper.ts';
import { existingStoredRa, presentStoredRa, type ReadSecret, storedRa } from './stored-ra.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { takeOne } from '../threads/shared-rate.ts';
import type { RevocationList, RevocationListOptions } from '../revocation/revocation-list.ts';

/** A CA that signs, with what its endpoints need from it. */
export type Authority = {
  subject: string;
  /** The certificate of the issuing CA, DER. */
  certificate: Uint8Array;
  /** The issuing CA first, the root last. DER. */
  chain: readonly Uint8Array[];
  /** Absent where another CA product issues. */
  key?: KeyProvider;
  /** When the first of the CA and those above it ends. */
  chainEnd: Date;
  /** The name of its list in the configuration, if it has one. */
  list?: string;
  /** The next CA and the certificates above it, DER. */
  next?: readonly Uint8Array[];
  /** Lists of the CAs above it, which are signed elsewhere. */
  above: readonly AboveList[];
  /** CAs before this one, which sign lists only. */
  previous: readonly PreviousCa[];
  /** An issuer that applies a profile. Throws ConfigError when profile, key or CA product, and certificate do not fit. */
  issuer(profile: Profile): Promise<CaProduct>;
  /** The CA product, for what has nothing to do with a profile; absent where this server issues. As in `ProductsOfCa`. */
  anyProduct?: (profile: Profile) => Promise<CaProduct>;
  /** Closes them. */
  close?: () => Promise<void>;
  /**
   * The keeper of the RA for parties as in `challengeParties`: one for all endpoints of these parties. An automatic RA is
   * created when it is missing; one that is configured serves all parties. Throws ConfigError.
   */
  raKeeper(services: { emit: Emit; clock: Clock; store: SecretStore }, parties: string | undefined): Promise<RaKeeper>;
  /** As `raKeeper`, of the ML-KEM key that is made beside the RA, of whatever form that is. Throws ConfigError. */
  kemKeeper: Authority['raKeeper'];
  /** Whether `raKeeper` could be called, without making anything: a warning, or undefined. Throws ConfigError. */
  checkRa(parties: string | undefined): Promise<string | undefined>;
  /** The RA for parties as in `challengeParties`, with those before it; undefined when none was made yet. Throws ConfigError. */
  existingRa(parties: string | undefined): Promise<LoadedRa | undefined>;
  /** As in KeyProvider, of its keys that live elsewhere; absent where all are in files. */
  keyStanding?: () => string | undefined;
  /** Their calls together. */
  keyCalls?: () => KeyCalls;
  /** Its revocation list from this store, or that of a shard; undefined when its certificate does not allow it to sign one. */
  crl: (store: Store, shard?: RevocationListOptions['shard']) => RevocationList | undefined;
};

/** One whose CA signs here. */
export type KeyedAuthority = Authority & { key: KeyProvider };

/** What is found at a key and does not stop the start. */
export type Warn = (key: KeyPath, weakness: Weakness) => void;

/** How an authority is loaded: problems go to `attempt`, warnings to `warn`, and keys are opened by `open`. */
export type LoadTools = { attempt: Attempt; warn: Warn; open: KeyRing['open'] };

/** Where automatic RAs are in the store: the name of the authority in the configuration, and what reads their rows. */
export type RaRows = { authority: string; read: ReadSecret };

/**
 * Reads the files and opens the keys that an authority names; undefined when `attempt` has recorded a problem. Its automatic RA is in
 * files where `rows` is absent.
 */
export async function loadAuthority(
  config: AuthorityConfig,
  tools: LoadTools,
  rows?: RaRows,
): Promise<Authority | undefined> {
  const { attempt } = tools;
  const elsewhere: KeyProvider[] = [];
  const open = noting(tools.open, elsewhere);
  const chain = await loadChain(config, attempt);
  const key = config.key === undefined ? undefined : await attempt(['key'], () => open(caKey(config)));
  const next = await attempt(['next'], () => config.next && loadNext(config.next));
  const previous = [];
  for (const [index, each] of (config.previous ?? []).entries())
    previous.push(await attempt(['previous', index], () => loadPrevious(each, config.crl.validity, open)));
  const ownRa = typeof config.ra === 'object' ? await loadOwnRa(config.ra, { ...tools, open }, chain?.[0]) : undefined;
  const known = previous.filter((each) => each !== undefined);
  known.forEach((each, index) => {
    const ended = endedPrevious(each);
    if (ended) tools.warn(['previous', index], ended);
  });
  // When the configured RA could not be read, the CA must not be used in its place; lists are named by the place of their CA.
  const { issuer: product } = config;
  if (!chain || !(key ?? product) || (typeof config.ra === 'object' && !ownRa) || known.length < previous.length)
    return undefined;
  const [certificate, ...above] = chain;
  const lists = await aboveLists(config.crl.above, above, tools);
  const view = readCertificate(certificate);
  const chainEnd = endOf(chain);
  const common = {
    subject: nameText(view.subject),
    certificate,
    chain,
    chainEnd,
    previous: known,
    above: lists,
    ...defined({ next, list: config.crl.list }),
    ...(elsewhere.length > 0 && {
      keyStanding: () => firstOf(elsewhere.map((each) => each.standing?.())),
      keyCalls: () => together(elsewhere.flatMap((each) => each.calls?.() ?? [])),
    }),
  };
  if (!key) return product && ownRa && { ...common, ...foreignParts(product, chain, ownRa) };
  if (config.ra === 'none') await checkCaAsRa({ certificate, key }, tools);
  const caFor = (parties: string | undefined): IssuingCa => ({
    path: config.certificate,
    certificate,
    key,
    open,
    chainEnd,
    ...defined({ passphrase: config.passphrase, parties }),
  });
  // Where the CA is the RA, clients that keep an earlier one encrypt to that.
  const retired = known.filter(({ key: old }) => old.kind.type === 'rsa' && 'decrypt' in old);
  const fixed: LoadedRa = ownRa ?? { certificate, key, retired };
  const automatic = isAutomatic(config.ra) ? automaticRaOf(config.ra, caFor, rows) : undefined;
  return {
    ...common,
    key,
    issuer: async (profile) =>
      localAuthority({
        certificate,
        chain: above,
        key,
        profile,
        clock: systemClock,
        random: systemRandom,
        take: takeOne,
      }),
    ...raKeepers(fixed, { automatic, kem: automaticRaOf('kem', caFor, rows) }),
    checkRa: async (parties) => automatic?.check(parties),
    existingRa: async (parties) => (automatic ? automatic.existing(parties) : fixed),
    crl: (store, shard) =>
      maySignCrl(view)
        ? revocationList({ issuer: { certificate, key }, store, validity: config.crl.validity, ...defined({ shard }) })
        : undefined,
  };
}

type AutomaticRa = ReturnType<typeof automaticRaOf>;

/** Each is created once: two endpoints that create it at the same time would use different keys. */
function raKeepers(
  fixed: LoadedRa,
  { automatic, kem }: { automatic: AutomaticRa | undefined; kem: AutomaticRa },
): Pick<Authority, 'raKeeper' | 'kemKeeper'> {
  const once = (make: (...args: Parameters<Authority['raKeeper']>) => Promise<RaKeeper>): Authority['raKeeper'] => {
    const keepers = new Map<string | undefined, Promise<RaKeeper>>();
    return (services, parties) => {
      const keeper = keepers.get(parties) ?? make(services, parties);
      keepers.set(parties, keeper);
      return keeper;
    };
  };
  return {
    raKeeper: once(async (services, parties) => automatic?.keeper(parties, services) ?? fixedRa(fixed)),
    kemKeeper: once((services, parties) => kem.keeper(parties, services)),
  };
}

/** What an authority has whose CA is another product: it signs nothing here. */
function foreignParts(product: IssuerConfig, chain: Certificates, ra: LoadedRa) {
  const keeper = fixedRa(ra);
  return {
    ...productsOf(product, chain),
    raKeeper: async () => keeper,
    kemKeeper: async (): Promise<never> => {
      throw new ConfigError('an ML-KEM key needs the key of the CA, which is elsewhere', 'Remove `kem`.');
    },
    checkRa: async () => undefined,
    existingRa: async () => ra,
    crl: () => undefined,
  };
}

/** Adds what it opens elsewhere to `found`. */
const noting =
  (open: KeyRing['open'], found: KeyProvider[]): KeyRing['open'] =>
  async (place) => {
    const key = await open(place);
    if (key.standing) found.push(key);
    return key;
  };

const together = (all: readonly KeyCalls[]): KeyCalls =>
  all.reduce((sum, { made, failed, ms }) => ({ made: sum.made + made, failed: sum.failed + failed, ms: sum.ms + ms }), {
    made: 0,
    failed: 0,
    ms: 0,
  });

const firstOf = (texts: readonly (string | undefined)[]): string | undefined =>
  texts.find((text) => text !== undefined);

/** A list that has ended is served and said to have ended: nobody starts a server to no avail. */
async function aboveLists(
  lists: readonly AboveListConfig[] = [],
  above: readonly Uint8Array[],
  { attempt, warn }: LoadTools,
): Promise<AboveList[]> {
  const loaded: AboveList[] = [];
  for (const [index, list] of lists.entries()) {
    const at = ['crl', 'above', index];
    const read = await attempt([...at, 'file'], () => loadAboveList(list, above));
    if (!read) continue;
    loaded.push(read);
    const now = systemClock();
    if (standingOf(read.ends(), now) === 'valid') continue;
    const what = `${list.file}: the list of ${read.ends().subject} ${standingText(read.ends(), now)}`;
    warn([...at, 'file'], {
      what,
      remedy: 'Sign a new one with the key of that CA, and replace the file.',
      ends: true,
    });
  }
  return loaded;
}

const isAutomatic = (ra: AuthorityConfig['ra']): ra is Exclude<RaForm, 'kem'> => ra === 'auto' || ra === 'split';

/** The automatic RAs of an authority: in files, or in the store. The functions are as those of Authority. */
function automaticRaOf(form: RaForm, caFor: (parties: string | undefined) => IssuingCa, rows: RaRows | undefined) {
  type Parties = string | undefined;
  type Services = Parameters<Authority['raKeeper']>[0];
  if (!rows)
    return {
      keeper: (parties: Parties, services: Services) => renewedRa(form, caFor(parties), services),
      check: (parties: Parties) => checkAutomaticRa(form, caFor(parties)),
      existing: (parties: Parties) => existingAutomaticRa(form, caFor(parties)),
    };
  const of = (parties: Parties) => ({ form, authority: rows.authority, ca: caFor(parties) });
  const existing = (parties: Parties) => existingStoredRa(of(parties), rows.read);
  return {
    keeper: (parties: Parties, services: Services) => storedRa(of(parties), services),
    // Nothing is written beside the CA; what cannot be read is an error.
    check: async (parties: Parties) => void (await existing(parties)),
    existing,
  };
}

/** The current certificates of the RA, DER, the one that signs first; none where the CA is its own RA, or before the first start. */
export async function presentRa(
  { ra, certificate: path }: Pick<AuthorityConfig, 'ra' | 'certificate'>,
  chain: Certificates,
  rows?: RaRows,
): Promise<Uint8Array[]> {
  if (typeof ra === 'object') return [readRaCertificate(ra.certificate)];
  if (ra === 'none') return [];
  const [certificate] = chain;
  const stored = rows && (await presentStoredRa(ra, { ...rows, ca: { certificate, chainEnd: endOf(chain) } }));
  return stored ?? presentAutomaticRa(ra, dirname(path));
}

const endOf = (chain: readonly Uint8Array[]): Date =>
  commonPeriod(chain.map((der) => readValidity(readCertificate(der)))).notAfter;

/** The issuing CA first, the root last, DER; undefined when `attempt` has recorded a problem. */
export async function loadChain(config: AuthorityConfig, attempt: Attempt): Promise<Certificates | undefined> {
  const certificate = await attempt(['certificate'], () =>
    oneCertificate(config.certificate, 'the issuing CA certificate'),
  );
  const above = await attempt(['chain'], () => chainFrom(config.chain, 'the certificates above the issuing CA'));
  return certificate && above && [certificate, ...above.filter((der) => !equalBytes(der, certificate))];
}

const caKey = ({ key: uri = '', passphrase }: AuthorityConfig) => ({
  uri,
  what: 'the key of the issuing CA',
  ...defined({ passphrase }),
});

/** With `ra: none` clients encrypt to the CA. Many do not look at its usages; Windows does. */
async function checkCaAsRa(ca: KeyedCertificate, { attempt, warn }: LoadTools): Promise<void> {
  await attempt(['ra'], () => registrationAuthority(ca));
  const missing = missingUsages(ca.certificate);
  if (missing.length === 0) return;
  warn(['ra'], {
    what: `the CA is its own RA, and its keyUsage lacks ${missing.join(' and ')}`,
    remedy: 'Windows and other clients refuse it: use `ra: auto`, or a CA with these usages.',
  });
}

type OwnRa = Exclude<AuthorityConfig['ra'], string>;
type OwnPair = Pick<OwnRa, 'certificate' | 'key' | 'passphrase'>;

async function loadOwnRa(
  { retired = [], ...current }: OwnRa,
  tools: LoadTools,
  ca: Uint8Array | undefined,
): Promise<LoadedRa | undefined> {
  const loaded = await loadPair(current, ['ra'], tools);
  const at = ['ra', 'certificate'];
  const ending = loaded && ca && (await tools.attempt(at, () => assertOwnRa(loaded, ca, systemClock())));
  if (ending) tools.warn(at, ending);
  const old = [];
  for (const [index, pair] of retired.entries()) old.push(await loadPair(pair, ['ra', 'retired', index], tools));
  const complete = old.filter((pair) => pair !== undefined);
  return loaded && complete.length === old.length ? { ...loaded, retired: complete } : undefined;
}

async function loadPair(
  { certificate: path, key: uri, passphrase }: OwnPair,
  at: KeyPath,
  { attempt, open }: LoadTools,
): Promise<KeyedCertificate | undefined> {
  const certificate = await attempt([...at, 'certificate'], () => readRaCertificate(path));
  const key = await attempt([...at, 'key'], () => open(raKey(uri, passphrase)));
  if (!certificate || !key) return undefined;
  return attempt([...at, 'certificate'], () => {
    // A pair that does not fit is refused here, with its place.
    registrationAuthority({ certificate, key });
    return { certificate, key };
  });
}

/** The next CA and its chain, DER. It may begin in the future, so the chain is checked for that time. */
function loadNext({ certificate: path, chain }: { certificate: string; chain?: string }): Uint8Array[] {
  const certificate = oneCertificate(path, 'the next CA certificate');
  const { notBefore } = readValidity(readCertificate(certificate));
  const at = new Date(Math.max(systemClock().getTime(), notBefore.getTime()));
  const above = chainFrom(chain, 'the certificates above the next CA');
  return [certificate, ...readChain(readCaCertificate(certificate, at), above, at).map(({ der }) => der)];
}

const chainFrom = (path: string | undefined, what: string): Uint8Array[] =>
  path === undefined ? [] : certificatesFrom(readTrustedFile(path, what), path);

function oneCertificate(path: string, what: string): Uint8Array {
  const certificates = certificatesFrom(readTrustedFile(path, what), path);
  const [certificate, ...others] = certificates;
  if (!certificate || others.length > 0)
    throw new ConfigError(
      `${path}: ${certificates.length} certificates (${what})`,
      'Put the certificates above it into `chain`.',
    );
  return certificate;
}
