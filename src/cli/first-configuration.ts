/** The configuration with which a new server runs as it is. */
import { systemRandom } from '../embed/system.ts';
import { newStore } from './new-store.ts';
import type { NewFile } from '../app/new-files.ts';
import type { Passphrase } from './passphrase-option.ts';

/** What it depends on. `key`: the URI of the key of the issuing CA; `store`: the URL of a PostgreSQL database. */
export type FirstConfiguration = { key: string; passphrase?: Passphrase; store?: string };

/**
 * `openndes.yaml`, and the files that it names beside the CA; paths below the folder. The configuration is the last one.
 * Throws ConfigError for the URL of another store.
 */
export function firstConfiguration({ key, passphrase, store }: FirstConfiguration): NewFile[] {
  const { section, files } = newStore(store);
  return [
    { path: 'challenge.txt', content: `${challenge()}\n`, secret: true },
    ...Object.entries(files).map(([path, content]) => ({ path, content, secret: true })),
    { path: 'openndes.yaml', content: configuration(key, passphrase, section) },
  ];
}

/** Letters and digits only: Windows accepts nothing else in a challenge that is typed in. 192 bits of entropy. */
const challenge = (): string => Buffer.from(systemRandom(24)).toString('hex').toUpperCase();

/** Quoted where it is not plain, as a URI of PKCS#11; `${` would be a reference. */
const asYaml = (text: string): string =>
  /^[A-Za-z0-9_.:/-]+$/.test(text) ? text : JSON.stringify(text.replaceAll('${', '$$$${'));

const configuration = (
  key: string,
  passphrase: Passphrase | undefined,
  store: string,
): string => `# openndes: every key is explained in docs/configuration.md. Paths are relative to this file.
listen: { host: 127.0.0.1, port: 8080 }
${store}

authorities:
  issuing:
    certificate: certs/issuing-ca.pem
    chain: certs/chain.pem
    key: ${asYaml(key)}
${passphrase ? `    passphrase: "\${env:${passphrase.variable}}"\n` : ''}    ra: auto

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

# The pages of administrators, at http://127.0.0.1:8081/admin/. docs/access.md makes both files, and has the other ways to log in.
# admin:
#   users:
#     ada: { password: "\${file:ada.hash}", totp: "\${file:ada.totp}", role: operator }

endpoints:
  # One shared challenge, good for a first try. For Intune, replace the policy by:
  #   policy: { intune: corp, notify: strict }
  - path: /certsrv/mscep/mscep.dll
    authority: issuing
    profile: device
    policy: { static: "\${file:challenge.txt}" }
`;
