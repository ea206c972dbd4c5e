/** Makes what a new server needs: a root CA, an issuing CA under it, and a configuration that works as it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CaLimits } from '../ca/ca-limits.ts';
import { createIssuingCa, createRoot } from '../ca/create.ts';
import { DAY } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import type { KeyProvider } from '../core/keys.ts';
import { generateKey, type KeyChoice, privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { escapeValue } from '../pkix/name.ts';
import { certificatePem } from '../pkix/pem.ts';
import type { NewFile } from '../app/new-files.ts';
import { newKeyElsewhere } from '../app/new-key.ts';
import { defined } from '../core/defined.ts';
import { CA_FILES, chainFiles, OWN_KEY, writeInstallation } from './ca-folder.ts';
import type { Passphrase } from './passphrase-option.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/** What `init` makes. */
export type InitOptions = {
  key: KeyChoice;
  /** Goes into the names of the CAs: `CN=<organisation> Root CA`. */
  organisation: string;
  passphrase?: Passphrase;
  /** Where the key of the issuing CA is made; in a file when absent. */
  keyUri?: string;
  /** What the issuing CA allows below it. */
  limits?: CaLimits;
  /** The URL of a PostgreSQL database; a file of SQLite when absent. */
  store?: string;
};

const ROOT_VALIDITY = 20 * 365 * DAY;
const ISSUING_VALIDITY = 10 * 365 * DAY;
/** New devices often have clocks that are hours slow. */
const BACKDATE = DAY;

/**
 * Writes `openndes.yaml` and `certs/` into `dir` and returns the paths; after an error nothing is there. Throws ConfigError
 * when `dir` has a configuration.
 */
export async function init(dir: string, options: InitOptions): Promise<string[]> {
  const config = join(dir, 'openndes.yaml');
  if (existsSync(config))
    throw new ConfigError(`${config} is already there`, 'Choose another folder; nothing was changed.');
  const { passphrase, store, keyUri } = options;
  const authorities = await newAuthorities(options);
  await authorities.issuing.key.close?.();
  return writeInstallation(dir, authorityFiles(authorities, passphrase), {
    key: keyUri ?? OWN_KEY,
    ...defined({ passphrase, store }),
  });
}

type NewAuthority<Key extends KeyProvider> = { certificate: Uint8Array; key: Key };
type Authorities = { root: NewAuthority<SoftwareKey>; issuing: NewAuthority<KeyProvider & Partial<SoftwareKey>> };

/** Certificates DER. */
async function newAuthorities({ key: choice, organisation, limits, ...place }: InitOptions): Promise<Authorities> {
  const time = { clock: systemClock, random: systemRandom, backdate: BACKDATE };
  const [rootKey, issuingKey] = [generateKey(choice), await newIssuingKey(choice, place)];
  const named = (what: string): string => `CN=${escapeValue(`${organisation} ${what}`)}`;
  const rootPlan = { ...time, subject: named('Root CA'), key: rootKey, validity: ROOT_VALIDITY };
  const root = { certificate: await createRoot(rootPlan), key: rootKey };
  const issuingPlan = { ...time, subject: named('Issuing CA'), key: issuingKey, validity: ISSUING_VALIDITY };
  return { root, issuing: { certificate: await createIssuingCa(issuingPlan, root, limits), key: issuingKey } };
}

/** In a file or elsewhere. */
async function newIssuingKey(
  choice: KeyChoice,
  { keyUri: uri, passphrase }: Pick<InitOptions, 'keyUri' | 'passphrase'>,
): Promise<Authorities['issuing']['key']> {
  if (uri === undefined) return generateKey(choice);
  const what = 'the key of the issuing CA';
  return newKeyElsewhere({ uri, what, ...(passphrase && { passphrase: passphrase.value }) }, choice);
}

const authorityFiles = ({ root, issuing }: Authorities, passphrase?: Passphrase): NewFile[] => [
  { path: CA_FILES.rootKey, content: privateKeyPem(root.key.privateKey, passphrase?.value), secret: true },
  ...(issuing.key.privateKey
    ? [{ path: CA_FILES.key, content: privateKeyPem(issuing.key.privateKey, passphrase?.value), secret: true }]
    : []),
  { path: CA_FILES.rootCertificate, content: certificatePem(root.certificate) },
  ...chainFiles([issuing.certificate, root.certificate]),
];
