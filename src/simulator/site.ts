/** Where the simulated services are: one loopback origin for what is four hosts in the cloud. */

/** Addresses without a trailing slash. `intune` is a name for tokens (the resource), nothing answers there. */
export type Site = { login: string; graph: string; intune: string; validation: string; connector: string };

/** Paths of the two Intune services that Graph lists. */
export const VALIDATION_PATH = '/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService';
const CONNECTOR_PATH = '/RACerts/PkiConnectorFEService';

/** The services on this port. The resource must differ from Graph's, so that a token for one is no good at the other. */
export function siteAt(port: number): Site {
  const origin = `https://127.0.0.1:${port}`;
  return {
    login: origin,
    graph: origin,
    intune: `${origin}/intune-resource`,
    validation: origin + VALIDATION_PATH,
    connector: origin + CONNECTOR_PATH,
  };
}
