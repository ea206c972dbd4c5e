/** Makes what a new server needs: a root CA, an issuing CA under it, and a configuration that works as it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CaLimits } from '../ca/ca-limits.ts';
import { createIssuingCa, createRoot } from '../ca/create.ts';
import { DAY } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import { generateKey, type KeyChoice, privateKeyPem, type SoftwareKey } from '../keys/software.ts';
import { escapeValue } from '../pkix/name.ts';
import { certificatePem } from '../pkix/pem.ts';
import { writePrivateFile, writePublicFile } from '../app/files.ts';
import { newStore } from './new-store.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

/** Protects the private keys. `variable` names the environment variable from which the server will read `value`. */
export type Passphrase = { variable: string; value: string };

/** What `init` makes. */
export type InitOptions = {
  key: KeyChoice;
  /** Goes into the names of the CAs: `CN=<organisation> Root CA`. */
  organisation: string;
  passphrase?: Passphrase;
  /** What the issuing CA allows below it. */
  limits?: CaLimits;
  /** The URL of a PostgreSQL database; a file of SQLite when absent. */
  store?: string;
};

const ROOT_VALIDITY = 20 * 365 * DAY;
const ISSUING_VALIDITY = 10 * 365 * DAY;
/** New devices often have clocks that are hours slow. */
const BACKDATE = DAY;

/** Writes `openndes.yaml` and `certs/` into `dir` and returns the paths. Throws ConfigError when `dir` has a configuration. */
export async function init(dir: string, options: InitOptions): Promise<string[]> {
  const config = join(dir, 'openndes.yaml');
  if (existsSync(config))
    throw new ConfigError(`${config} is already there`, 'Choose another folder; nothing was changed.');
  const store = newStore(options.store);
  const authorities = await newAuthorities(options);
  const privateFiles = { ...privateFilesOf(authorities, options.passphrase), ...store.files };
  const publicFiles = {
    ...publicFilesOf(authorities),
    'openndes.yaml': configuration(options.passphrase?.variable, store.section),
  };
  for (const [path, text] of Object.entries(privateFiles)) writePrivateFile(join(dir, path), text);
  for (const [path, text] of Object.entries(publicFiles)) writePublicFile(join(dir, path), text);
  return [...Object.keys(publicFiles), ...Object.keys(privateFiles)].map((path) => join(dir, path));
}

type NewAuthority = { certificate: Uint8Array; key: SoftwareKey };
type Authorities = { root: NewAuthority; issuing: NewAuthority };

/** Certificates DER. */
async function newAuthorities({ key: choice, organisation, limits }: InitOptions): Promise<Authorities> {
  const time = { clock: systemClock, random: systemRandom, backdate: BACKDATE };
  const [rootKey, issuingKey] = [generateKey(choice), generateKey(choice)];
  const named = (what: string): string => `CN=${escapeValue(`${organisation} ${what}`)}`;
  const rootPlan = { ...time, subject: named('Root CA'), key: rootKey, validity: ROOT_VALIDITY };
  const root = { certificate: await createRoot(rootPlan), key: rootKey };
  const issuingPlan = { ...time, subject: named('Issuing CA'), key: issuingKey, validity: ISSUING_VALIDITY };
  return { root, issuing: { certificate: await createIssuingCa(issuingPlan, root, limits), key: issuingKey } };
}

/** Content by path. */
const privateFilesOf = ({ root, issuing }: Authorities, passphrase?: Passphrase): Record<string, string> => ({
  'certs/root-ca.key.pem': privateKeyPem(root.key.privateKey, passphrase?.value),
  'certs/issuing-ca.key.pem': privateKeyPem(issuing.key.privateKey, passphrase?.value),
  'challenge.txt': `${challenge()}\n`,
});

/** Content by path. */
const publicFilesOf = ({ root, issuing }: Authorities): Record<string, string> => ({
  'certs/root-ca.pem': certificatePem(root.certificate),
  'certs/issuing-ca.pem': certificatePem(issuing.certificate),
  'certs/chain.pem': certificatePem(issuing.certificate, root.certificate),
});

/** Letters and digits only: Windows accepts nothing else in a challenge that is typed in. 192 bits of entropy. */
const challenge = (): string => Buffer.from(systemRandom(24)).toString('hex').toUpperCase();

const configuration = (
  passphraseVariable: string | undefined,
  store: string,
): string => `# openndes: every key is explained in docs/configuration.md. Paths are relative to this file.
listen: { host: 127.0.0.1, port: 8080 }
${store}

authorities:
  issuing:
    certificate: certs/issuing-ca.pem
    chain: certs/chain.pem
    key: file:certs/issuing-ca.key.pem
${passphraseVariable ? `    passphrase: "\${env:${passphraseVariable}}"\n` : ''}    ra: auto

profiles:
  device: { validity: 365d, maxValidity: 730d, keyUsage: [digitalSignature, keyEncipherment], extendedKeyUsage: [clientAuth] }

# The Intune tenant whose devices enrol. docs/intune.md says how to register the application.
# tenants:
#   corp:
#     tenant: contoso.onmicrosoft.com
#     clientId: 00000000-0000-0000-0000-000000000000
#     # One of these four; those without a secret come first. Many tenants forbid secrets (tenantAppManagementPolicy).
#     federated: { file: /var/run/secrets/azure/tokens/azure-identity-token }
#     # managedIdentity: { from: imds }
#     # certificate: { file: certs/app.pem, key: file:certs/app.key.pem }
#     # clientSecret: "\${file:intune.secret}"
#     # Whether Intune is asked which certificates to revoke, as of wiped devices. Switch it on when no connector and no other
#     # CA of the tenant asks too: docs/intune.md, "Revocation on Intune's word".
#     revocation: off
#     # Revokes what names a device or user that is gone, also where Intune asks for no revocation. Switch it on when the app
#     # has three more permissions: docs/intune.md, "Revocation by the directory". With limit 0 all waits for your approval.
#     # directory: { every: 4h, limit: 2 }

endpoints:
  # One shared challenge, good for a first try. For Intune, replace the policy by:
  #   policy: { intune: corp, notify: strict }
  - path: /certsrv/mscep/mscep.dll
    authority: issuing
    profile: device
    policy: { static: "\${file:challenge.txt}" }
`;
