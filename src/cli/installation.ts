/** Makes what a new server needs: a root, an issuing CA under it, and a configuration that serves at once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createIssuingCa, createRoot } from '../ca/create.ts';
import { ConfigError } from '../core/errors.ts';
import { generateKey, type KeyChoice, privateKeyPem } from '../keys/software.ts';
import { escapeValue } from '../pkix/name.ts';
import { writePrivateFile, writePublicFile } from '../app/files.ts';
import { certificatePem } from '../app/pem.ts';
import { systemClock, systemRandom } from '../embed/system.ts';

export type InitOptions = {
  key: KeyChoice;
  /** Goes into the names of the CAs: `CN=<organisation> Root CA`. */
  organisation: string;
  /** Name of the environment variable that holds the passphrase of the keys, and the passphrase. */
  passphrase?: { variable: string; value: string };
};

const DAY = 86_400_000;
const ROOT_VALIDITY = 20 * 365 * DAY;
const ISSUING_VALIDITY = 10 * 365 * DAY;
/** Devices in set-up have clocks that are hours behind. */
const BACKDATE = DAY;

/** Writes `openndes.yaml` and `certs/` under `dir`, and returns what it wrote. Throws ConfigError when it is there. */
export async function init(dir: string, { key, organisation, passphrase }: InitOptions): Promise<string[]> {
  const config = join(dir, 'openndes.yaml');
  if (existsSync(config))
    throw new ConfigError(`${config} is already there`, 'Choose another folder; nothing was changed.');
  const certs = join(dir, 'certs');
  const time = { clock: systemClock, random: systemRandom, backdate: BACKDATE };
  const rootKey = generateKey(key);
  const issuingKey = generateKey(key);
  const root = await createRoot({
    ...time,
    subject: `CN=${escapeValue(`${organisation} Root CA`)}`,
    key: rootKey,
    validity: ROOT_VALIDITY,
  });
  const issuing = await createIssuingCa(
    {
      ...time,
      subject: `CN=${escapeValue(`${organisation} Issuing CA`)}`,
      key: issuingKey,
      validity: ISSUING_VALIDITY,
    },
    { certificate: root, key: rootKey },
  );
  const privateFiles: [string, string][] = [
    [join(certs, 'root-ca.key.pem'), privateKeyPem(rootKey.privateKey, passphrase?.value)],
    [join(certs, 'issuing-ca.key.pem'), privateKeyPem(issuingKey.privateKey, passphrase?.value)],
    [join(dir, 'challenge.txt'), `${challenge()}\n`],
  ];
  const publicFiles: [string, string][] = [
    [join(certs, 'root-ca.pem'), certificatePem(root)],
    [join(certs, 'issuing-ca.pem'), certificatePem(issuing)],
    [join(certs, 'chain.pem'), certificatePem(issuing, root)],
    [config, configuration(passphrase?.variable)],
  ];
  for (const [path, text] of privateFiles) writePrivateFile(path, text);
  for (const [path, text] of publicFiles) writePublicFile(path, text);
  return [...publicFiles, ...privateFiles].map(([path]) => path);
}

/** Letters and digits only: Windows takes nothing else in a challenge that a person types. 192 bits of chance. */
const challenge = (): string => Buffer.from(systemRandom(24)).toString('hex').toUpperCase();

const configuration = (
  passphraseVariable: string | undefined,
): string => `# openndes: every key is explained in docs/configuration.md. Paths are relative to this file.
listen: { host: 127.0.0.1, port: 8080 }
store: sqlite:./openndes.db

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
#     clientSecret: "\${env:INTUNE_SECRET}"

endpoints:
  # One shared challenge, good for a first try. For Intune, replace the policy by:
  #   policy: { intune: corp, notify: strict }
  - path: /certsrv/mscep/mscep.dll
    authority: issuing
    profile: device
    policy: { static: "\${file:challenge.txt}" }
`;
