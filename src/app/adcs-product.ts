/** Makes the product for an enterprise CA of Windows that a web service or web pages stand before. */
import type { Backend } from '../backends/backend.ts';
import type { BackendClient } from '../backends/backend-client.ts';
import type { IssuerSettings } from '../config/issuer-kinds.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import { adcsPolicyService } from './adcs-policy.ts';
import { commandProduct } from './command-product.ts';
import type { ClosableProduct, IssuerPlace } from './issuer-place.ts';
import { productClient } from './product-makers.ts';

type Settings = IssuerSettings['adcs'];
type Made = (settings: Settings, client: BackendClient, place: IssuerPlace) => Promise<Backend>;

/** Throws ConfigError. */
export async function adcsProduct(settings: Settings, place: IssuerPlace): Promise<ClosableProduct> {
  const backend = await WAYS[settings.via](settings, productClient('AD CS', settings), place);
  if (!settings.revoker) return backend;
  const { withRevoker } = await import('../backends/with-revoker.ts');
  // It is made as one that issues too, and never asked to.
  const operations = ['issue', ...settings.revoker.operations] as const;
  return withRevoker(backend, await commandProduct({ ...settings.revoker, operations }, place));
}

const WAYS: Readonly<Record<Settings['via'], Made>> = {
  async ces(settings, client, place) {
    const { cesBackend } = await import('../backends/adcs/ces-backend.ts');
    const { byClientCertificate, byUsernameToken } = await import('../backends/adcs/soap12.ts');
    const authorize = settings.login ? byUsernameToken(settings.login, systemClock) : byClientCertificate;
    const policy = await adcsPolicyService(settings, authorize, place);
    const services = { client, authorize, clock: systemClock, random: systemRandom, place };
    if (!policy) return cesBackend(settings, services);
    const backend = cesBackend(settings, { ...services, templates: policy.templates });
    return { ...backend, close: async () => void (await Promise.all([client.close(), policy.close()])) };
  },
  async certsrv(settings, client, place) {
    const { certsrvBackend } = await import('../backends/certsrv/certsrv-backend.ts');
    return certsrvBackend(settings, { client, clock: systemClock, place });
  },
};
