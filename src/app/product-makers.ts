/** Makes the CA products that have a folder of their own in `backends/`, which is loaded here. */
import { setTimeout as pauseFor } from 'node:timers/promises';
import type { AwsPcaSdk } from '../backends/aws-pca/aws-pca-sdk.ts';
import type { AwsPcaSettings } from '../backends/aws-pca/aws-pca-settings.ts';
import { type BackendClient, backendClient } from '../backends/backend-client.ts';
import type { DigicertSettings } from '../backends/digicert/digicert-settings.ts';
import type { EjbcaSettings } from '../backends/ejbca/ejbca-settings.ts';
import type { Platform8Settings } from '../backends/platform8/platform8-settings.ts';
import { wantedEnds } from '../backends/wanted-certificate.ts';
import type { CaServiceConfig } from '../config/ca-identity-keys.ts';
import { deadlineIn, systemClock, systemRandom } from '../embed/system.ts';
import { reloadedIdentity } from './ca-identity.ts';
import type { ClosableProduct, IssuerPlace } from './issuer-place.ts';
import { kerberosLogins } from './kerberos.ts';
import { optionalPackage } from './optional-package.ts';

/** The client of a product. Throws ConfigError for files that cannot be used, and for a package that is not installed. */
export function productClient(
  name: string,
  { url, trustOnly, proxy, clientCertificate, clientKey, kerberos }: CaServiceConfig,
): BackendClient {
  const files = clientCertificate !== undefined && clientKey !== undefined && { clientCertificate, clientKey };
  const identity = files ? reloadedIdentity(files) : undefined;
  const negotiate = kerberos && kerberosLogins(kerberos, new URL(url).hostname);
  return backendClient({ name, url, ca: trustOnly, proxy, identity, negotiate }, { clock: systemClock });
}

/** The section of a product that is asked over HTTPS. `validityOverride`: whether an order says when its certificate ends. */
type ServiceSection = CaServiceConfig & { validityOverride: boolean };

/** What such a product is made with. Throws ConfigError. */
const servicesOf = (name: string, section: ServiceSection, place: IssuerPlace) => ({
  client: productClient(name, section),
  clock: systemClock,
  random: systemRandom,
  endOf: section.validityOverride ? wantedEnds(place, systemClock) : undefined,
  chain: [place.certificate, ...place.chain],
});

/** Throws ConfigError. */
export async function ejbcaProduct(
  settings: EjbcaSettings & ServiceSection,
  place: IssuerPlace,
): Promise<ClosableProduct> {
  const { ejbcaBackend } = await import('../backends/ejbca/ejbca-backend.ts');
  return ejbcaBackend(settings, servicesOf('EJBCA', settings, place));
}

/** Throws ConfigError. */
export async function digicertProduct(
  settings: DigicertSettings & ServiceSection,
  place: IssuerPlace,
): Promise<ClosableProduct> {
  const { digicertBackend } = await import('../backends/digicert/digicert-backend.ts');
  return digicertBackend(settings, servicesOf('DigiCert', settings, place));
}

/** Throws ConfigError. */
export async function platform8Product(
  settings: Platform8Settings & ServiceSection,
  place: IssuerPlace,
): Promise<ClosableProduct> {
  const { platform8Backend } = await import('../backends/platform8/platform8-backend.ts');
  return platform8Backend(settings, servicesOf('DigiCert PKI Platform', settings, place));
}

/** Throws ConfigError. */
export async function platform8RestProduct(
  settings: DigicertSettings & ServiceSection,
  place: IssuerPlace,
): Promise<ClosableProduct> {
  const { platform8RestBackend } = await import('../backends/platform8-rest/platform8-rest-backend.ts');
  return platform8RestBackend(settings, servicesOf('DigiCert PKI Platform', settings, place));
}

/** Throws ConfigError, also when the SDK is not installed. */
export async function awsPcaProduct(settings: AwsPcaSettings, place: IssuerPlace): Promise<ClosableProduct> {
  const { awsPcaBackend } = await import('../backends/aws-pca/aws-pca-backend.ts');
  const sdk = optionalPackage('@aws-sdk/client-acm-pca', { for: 'authorities with `awsPca`' }) as AwsPcaSdk;
  const pause = (ms: number, signal: AbortSignal): Promise<void> => pauseFor(ms, undefined, { signal });
  return awsPcaBackend(settings, {
    sdk,
    clock: systemClock,
    place,
    pause,
    limit: deadlineIn,
  });
}
