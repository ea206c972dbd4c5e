/** The policy service of AD CS, where it is configured: what its templates are. */
import type { AuthorizeSoap } from '../backends/adcs/soap12.ts';
import type { TemplateWatch } from '../backends/adcs/template-watch.ts';
import type { IssuerSettings } from '../config/issuer-kinds.ts';
import { systemRandom } from '../embed/system.ts';
import type { IssuerPlace } from './issuer-place.ts';
import { productClient } from './product-makers.ts';

/** `close` ends its connections. */
export type AdcsPolicyService = { templates: TemplateWatch; close: () => Promise<void> };

/** Undefined without `policyUrl`. Throws ConfigError. */
export async function adcsPolicyService(
  { policyUrl: url, template, expirationDate, ...settings }: IssuerSettings['adcs'],
  authorize: AuthorizeSoap,
  { certificate, profile }: IssuerPlace,
): Promise<AdcsPolicyService | undefined> {
  if (url === undefined) return undefined;
  const { soapService } = await import('../backends/adcs/soap12-service.ts');
  const { templateWatch } = await import('../backends/adcs/template-watch.ts');
  const { XCEP_ACTION } = await import('../backends/adcs/xcep-templates.ts');
  const name = 'the policy service of AD CS';
  const client = productClient(name, { ...settings, url });
  const send = soapService({ name, url, action: XCEP_ACTION, client, authorize, random: systemRandom });
  const ordered = expirationDate ? { validity: profile.validity } : {};
  return {
    templates: templateWatch(send, { template, url: settings.url, certificate, ...ordered }),
    close: client.close,
  };
}
