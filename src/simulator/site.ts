/** The addresses of the simulated services: one loopback origin in place of four hosts in the cloud. */

/** Addresses without a slash at the end. `intune` is the resource that tokens are for; no service has this address. */
export type ServiceSite = { login: string; graph: string; intune: string; validation: string; connector: string };

/** Path of the SCEP service that Graph lists. */
export const VALIDATION_PATH = '/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService';
const CONNECTOR_PATH = '/RACerts/PkiConnectorFEService';

/** The services on this port. The resources differ, so that a token for Graph is not accepted by Intune. */
export function siteAt(port: number): ServiceSite {
  const origin = `https://127.0.0.1:${port}`;
  return {
    login: origin,
    graph: origin,
    intune: `${origin}/intune-resource`,
    validation: origin + VALIDATION_PATH,
    connector: origin + CONNECTOR_PATH,
  };
}
