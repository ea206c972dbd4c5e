/** How keys of people are made by a configuration: its section `pfx` with the keys that it names. */
import type { Config } from '../config/schema.ts';
import type { Attempt } from '../config/yaml/problems.ts';
import { ConfigError } from '../core/errors.ts';
import { readConnectorKey } from '../pfx/connector-key.ts';
import { assertOfficers, type RecoveryOfficer, readRecoveryOfficer } from '../pfx/recovery-officer.ts';
import type { UserPfxPlan } from '../pfx/user-pfx.ts';
import { readTrustedFile } from './files.ts';

type PfxConfig = NonNullable<Config['pfx']>;

/** A plan, and what Intune is told beside the password: names of CNG on the machine of the connector. */
export type LoadedPfxPlan = UserPfxPlan & { connectorNames?: { keyName: string; provider: string } };

/** Reads the public keys. Undefined without the section, and when `attempt` has recorded a problem. */
export async function loadPfxPlan(
  { pfx, fips }: Pick<Config, 'pfx' | 'fips'>,
  attempt: Attempt,
): Promise<LoadedPfxPlan | undefined> {
  if (!pfx) return undefined;
  await attempt(['pfx', 'profile'], () => assertApproved(pfx, fips));
  const connector = await attempt(['pfx', 'connector'], () => connectorOf(pfx));
  const escrow = await attempt(['pfx', 'escrow'], () => escrowOf(pfx));
  const { subject, altNames, userName, domainName, longNames, key, profile } = pfx;
  return { key, subject, altNames, profile, rules: { userName, domainName, longNames }, ...connector, ...escrow };
}

function assertApproved({ profile }: PfxConfig, fips: Config['fips']): void {
  if (fips?.required && profile === 'compat')
    throw new ConfigError(
      'the profile `compat` cannot be used with `fips.required`: triple DES may not encrypt since 2024 (SP 800-131A)',
      'Write `profile: modern`, and try it on your devices.',
    );
}

function connectorOf({ connector }: PfxConfig): Pick<LoadedPfxPlan, 'connector' | 'connectorNames'> {
  if (!connector) return {};
  const { publicKey, sha256, keyName, provider, padding } = connector;
  const bytes = readTrustedFile(publicKey, 'the public key of the connector');
  const key = readConnectorKey(bytes, { where: publicKey, pin: sha256 });
  return { connector: { key, scheme: padding }, connectorNames: { keyName, provider } };
}

function escrowOf({ escrow }: PfxConfig): Pick<LoadedPfxPlan, 'escrow'> {
  if (!escrow) return {};
  const officers = Object.entries(escrow.officers).map(
    ([name, path]): RecoveryOfficer =>
      readRecoveryOfficer(name, readTrustedFile(path, `the public key of the recovery officer ${name}`), path),
  );
  assertOfficers(officers, escrow.required);
  return { escrow: { officers, required: escrow.required } };
}
