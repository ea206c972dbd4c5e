/** An authority of the configuration, loaded: certificates, key, and the RA that goes with it. */
import { localAuthority } from '../ca/authority.ts';
import type { Profile } from '../ca/profile.ts';
import type { Issuer, KeyProvider, Logger } from '../core/contracts.ts';
import { ConfigError } from '../core/errors.ts';
import { keyFromPem } from '../keys/software.ts';
import { readCertificate } from '../pkix/certificate.ts';
import { nameText } from '../pkix/name.ts';
import type { AuthorityConfig } from './config/schema.ts';
import { readFile, readPrivateFile } from './files.ts';
import { certificatesFrom } from './pem.ts';
import { automaticRa, type LoadedRa, loadKeyed } from './ra.ts';
import { systemClock, systemRandom } from './system.ts';

export type Authority = {
  subject: string;
  /** The issuing CA first, the root last. DER. */
  chain: readonly Uint8Array[];
  key: KeyProvider;
  /** An issuer under a profile. Throws ConfigError when they do not fit. */
  issuer(profile: Profile): Issuer;
  /** Makes the RA where it is automatic and missing. Throws ConfigError. */
  ra(logger: Logger): Promise<LoadedRa>;
};

/** Reads the files that an authority names. Throws ConfigError. */
export function loadAuthority(config: AuthorityConfig): Authority {
  const path = config.certificate;
  const certificate = oneCertificate(path, 'the issuing CA certificate');
  const above =
    config.chain === undefined
      ? []
      : certificatesFrom(readFile(config.chain, 'the certificates above the issuing CA'), config.chain);
  const key = keyFromPem(
    readPrivateFile(config.key, 'the key of the issuing CA').toString(),
    config.key,
    config.passphrase,
  );
  const issuer = (profile: Profile) =>
    localAuthority({ certificate, chain: above, key, profile, clock: systemClock, random: systemRandom });
  return {
    subject: nameText(readCertificate(certificate).subject),
    chain: [certificate, ...above.filter((der) => Buffer.compare(der, certificate) !== 0)],
    key,
    issuer,
    ra: (logger) => loadRaOf(config, { path, certificate, key }, logger),
  };
}

async function loadRaOf(
  { ra, passphrase }: AuthorityConfig,
  ca: { path: string; certificate: Uint8Array; key: KeyProvider },
  logger: Logger,
): Promise<LoadedRa> {
  if (ra === 'auto') return automaticRa({ ...ca, ...(passphrase !== undefined && { passphrase }) }, logger);
  if (ra === 'none') return { certificate: ca.certificate, key: ca.key, retired: [] };
  const load = (pair: { certificate: string; key: string; passphrase?: string }) =>
    loadKeyed(pair.certificate, pair.key, pair.passphrase);
  return { ...load(ra), retired: (ra.retired ?? []).map(load) };
}

function oneCertificate(path: string, what: string): Uint8Array {
  const certificates = certificatesFrom(readFile(path, what), path);
  if (certificates.length !== 1)
    throw new ConfigError(
      `${path}: ${certificates.length} certificates (${what})`,
      'Put the certificates above it into `chain`.',
    );
  return certificates[0]!;
}
