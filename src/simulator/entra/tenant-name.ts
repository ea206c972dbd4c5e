/** The tenant in the path of a call to Entra. */
import { entraError } from '../error-bodies.ts';
import type { ServiceAnswer, ServiceCall } from '../service-call.ts';
import type { SimulatorState } from '../state.ts';

/** The tenant as the call names it; empty when its path has none. */
export const tenantOf = ({ params }: ServiceCall): string => params['tenant'] ?? '';

/** Whether the call names this tenant, by its id or by its domain. */
export const isTenant = ({ tenant, tenantId }: SimulatorState, call: ServiceCall): boolean =>
  [tenant, tenantId].some((known) => known.toLowerCase() === tenantOf(call).toLowerCase());

/** AADSTS90002. */
export const unknownTenant = (call: ServiceCall): ServiceAnswer =>
  entraError(call, {
    status: 400,
    error: call.hop === 'openid' ? 'invalid_tenant' : 'invalid_request',
    number: 90002,
    text: `Tenant '${tenantOf(call).slice(0, 80)}' was not found. Check the name and the cloud.`,
  });
