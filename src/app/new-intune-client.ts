/** The client of a tenant of the configuration, with a credential that is read from its files for each token. */
import { randomUUID } from 'node:crypto';
import type { TenantConfig } from '../config/tenants.ts';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import { exchangeAudience, resolveCloud } from '../intune/clouds.ts';
import { type DiagnosableClient, intuneClient, type IntuneClientOptions } from '../intune/client.ts';
import type { CertificateOfApp } from '../intune/signed-assertion.ts';
import { checkedAssertion } from '../intune/workload-assertion.ts';
import { readCertificate, thumbprintSha256 } from '../pkix/certificate.ts';
import { readPublicKey } from '../pkix/public-key.ts';
import { arcChallenge } from './arc-challenge.ts';
import { certificatesFrom } from './certificate-files.ts';
import { readFileAtOnce, readTrustedFile } from './files.ts';
import { openKey } from './key-ring.ts';
import { VERSION } from './version.ts';

/** `serverTime` gets the Date of each reply of Entra. Throws ConfigError for settings that cannot work. */
export const newIntuneClient = (
  tenant: TenantConfig & Pick<IntuneClientOptions, 'timeouts' | 'called'>,
  serverTime: (date: Date) => void,
): DiagnosableClient =>
  intuneClient({
    ...tenant,
    ...credentialOf(tenant),
    clock: systemClock,
    uuid: randomUUID,
    callerInfo: `openndes/${VERSION}`,
    serverTime,
  });

/** Why the files of the credential cannot be used now, with the remedy. Undefined when they can, or when there are none. */
export async function credentialFault(tenant: TenantConfig): Promise<string | undefined> {
  const { federated, certificate } = credentialOf(tenant);
  try {
    const audience = exchangeAudience(resolveCloud(tenant.cloud));
    if (federated) checkedAssertion(federated, { audience, clock: systemClock });
    await certificate?.read();
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `${error.message}. ${error.remedy}`;
  }
}

/** Octets; the assertions of all platforms are much shorter. */
const ASSERTION_LIMIT = 65_536;

function credentialOf({ federated, managedIdentity, certificate, clientSecret }: TenantConfig) {
  return {
    federated: federated && {
      ...federated,
      read: () => readFileAtOnce(federated.file, 'the assertion', ASSERTION_LIMIT).toString(),
    },
    managedIdentity: managedIdentity && {
      ...managedIdentity,
      readChallenge: (path: string) => arcChallenge(path, managedIdentity.challenges),
    },
    certificate: certificate && { read: () => appCertificate(certificate) },
    clientSecret,
  };
}

async function appCertificate(certificate: NonNullable<TenantConfig['certificate']>): Promise<CertificateOfApp> {
  const { file, key: uri, passphrase } = certificate;
  const what = 'the certificate of the app';
  const chain = certificatesFrom(readTrustedFile(file, what), file);
  // It is opened for each token, and never closed.
  if (!uri.startsWith('file:'))
    throw new ConfigError('`certificate.key` of a tenant is not a file', 'The key of the app must be in a PEM file.');
  const key = await openKey({ uri, what: 'the key of the app', ...(passphrase !== undefined && { passphrase }) });
  assertPair(chain[0], key, file);
  return { chain, thumbprintSha256: thumbprintSha256(chain[0]), key };
}

/** While both files are replaced, one of them is older than the other. */
function assertPair(certificate: Uint8Array, { spki }: CertificateOfApp['key'], file: string): void {
  if (readPublicKey(readCertificate(certificate).spki).key.equals(readPublicKey(spki).key)) return;
  throw new ConfigError(
    `${file}: \`certificate.key\` is not the key of this certificate`,
    'Give the key that belongs to it. When you replace both, put the files in place in one go.',
  );
}
