/** Makes the product for an enterprise CA of Windows that a web service stands before. */
import type { IssuerSettings } from '../config/issuer-kinds.ts';
import { systemClock, systemRandom } from '../embed/system.ts';
import type { ClosableProduct, IssuerPlace } from './issuer-place.ts';
import { productClient } from './product-makers.ts';

/** Throws ConfigError. */
export async function adcsProduct(settings: IssuerSettings['adcs'], place: IssuerPlace): Promise<ClosableProduct> {
  const { cesBackend } = await import('../backends/adcs/ces-backend.ts');
  const { byClientCertificate, byUsernameToken } = await import('../backends/adcs/soap12.ts');
  const authorize = settings.login ? byUsernameToken(settings.login, systemClock) : byClientCertificate;
  const client = productClient('AD CS', settings);
  return cesBackend(settings, { client, authorize, clock: systemClock, random: systemRandom, place });
}
