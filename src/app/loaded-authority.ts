/** An authority of the configuration, loaded: certificates, key, and the RA that goes with it. */
import { localAuthority } from '../ca/local-authority.ts';
import { readCaCertificate, readChain } from '../ca/ca-certificate.ts';
import { maySignCrl } from '../revocation/certificate-list.ts';
import type { Profile } from '../ca/profile.ts';
import type { Issuer } from '../core/issuer.ts';
import type { KeyProvider } from '../core/keys.ts';
import type { Logger } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { keyFromPem } from '../keys/software.ts';
import type { Store } from '../core/store.ts';
import { readCertificate, readValidity } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { Attempt } from '../config/yaml/problems.ts';
import type { AuthorityConfig } from '../config/schema.ts';
import { type RevocationList, revocationList } from '../revocation/revocation-list.ts';
import { readFile, readPrivateFile } from './files.ts';
import { certificatesFrom } from './pem.ts';
import { automaticRa, type LoadedRa, loadKeyed } from './ra.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

export type Authority = {
  subject: string;
  /** The issuing CA first, the root last. DER. */
  chain: readonly Uint8Array[];
  key: KeyProvider;
  /** The CA that comes next and what is above it, DER. */
  next?: readonly Uint8Array[];
  /** An issuer under a profile. Throws ConfigError when they do not fit. */
  issuer(profile: Profile): Issuer;
  /** Makes the RA where it is automatic and missing. Throws ConfigError. */
  ra(logger: Logger): Promise<LoadedRa>;
  /** Its revocation list out of this store; undefined when its certificate does not let it sign one. */
  crl(store: Store): RevocationList | undefined;
};

/** Reads the files that an authority names; undefined when `attempt` has a problem to tell. */
export function loadAuthority(config: AuthorityConfig, attempt: Attempt): Authority | undefined {
  const path = config.certificate;
  const certificate = attempt(['certificate'], () => oneCertificate(path, 'the issuing CA certificate'));
  const above = attempt(['chain'], () => chainFrom(config.chain, 'the certificates above the issuing CA'));
  const key = attempt(['key'], () => caKey(config));
  const next = attempt(['next'], () => config.next && loadNext(config.next));
  const named = typeof config.ra === 'object' ? config.ra : undefined;
  const ownRa = named && attempt(['ra'], () => ownRaFrom(named));
  // Never the CA in the place of an RA that could not be read.
  if (!certificate || !above || !key || (named && !ownRa)) return undefined;
  const issuer = (profile: Profile) =>
    localAuthority({ certificate, chain: above, key, profile, clock: systemClock, random: systemRandom });
  const view = readCertificate(certificate);
  let ra: Promise<LoadedRa> | undefined;
  return {
    subject: nameText(view.subject),
    chain: [certificate, ...above.filter((der) => Buffer.compare(der, certificate) !== 0)],
    key,
    issuer,
    ...(next && { next }),
    // Once for all endpoints: two that make it at the same time would each have one, and the files only the later.
    ra: (logger) => (ra ??= ownRa ? Promise.resolve(ownRa) : madeRa(config, { path, certificate, key }, logger)),
    crl: (store) =>
      maySignCrl(view)
        ? revocationList({ issuer: { certificate, key }, store, validity: config.crl.validity, clock: systemClock })
        : undefined,
  };
}

const caKey = ({ key, passphrase }: AuthorityConfig): KeyProvider =>
  keyFromPem(readPrivateFile(key, 'the key of the issuing CA').toString(), key, passphrase);

type OwnRa = Exclude<AuthorityConfig['ra'], string>;

function ownRaFrom(ra: OwnRa): LoadedRa {
  const load = (pair: Omit<OwnRa, 'retired'>) => loadKeyed(pair.certificate, pair.key, pair.passphrase);
  return { ...load(ra), retired: (ra.retired ?? []).map(load) };
}

async function madeRa(
  { ra, passphrase }: AuthorityConfig,
  ca: { path: string; certificate: Uint8Array; key: KeyProvider },
  logger: Logger,
): Promise<LoadedRa> {
  if (ra === 'auto' || ra === 'split')
    return automaticRa(ra, { ...ca, ...(passphrase !== undefined && { passphrase }) }, logger);
  return { certificate: ca.certificate, key: ca.key, retired: [] };
}

/** It may begin in the future: its chain is looked at as of then. */
function loadNext({ certificate: path, chain }: { certificate: string; chain?: string }): Uint8Array[] {
  const certificate = oneCertificate(path, 'the next CA certificate');
  const { notBefore } = readValidity(readCertificate(certificate));
  const at = new Date(Math.max(systemClock().getTime(), notBefore.getTime()));
  const above = chainFrom(chain, 'the certificates above the next CA');
  return [certificate, ...readChain(readCaCertificate(certificate, at), above, at).map(({ der }) => der)];
}

const chainFrom = (path: string | undefined, what: string): Uint8Array[] =>
  path === undefined ? [] : certificatesFrom(readFile(path, what), path);

function oneCertificate(path: string, what: string): Uint8Array {
  const certificates = certificatesFrom(readFile(path, what), path);
  if (certificates.length !== 1)
    throw new ConfigError(
      `${path}: ${certificates.length} certificates (${what})`,
      'Put the certificates above it into `chain`.',
    );
  return certificates[0]!;
}
