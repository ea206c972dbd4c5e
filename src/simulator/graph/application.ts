/** Graph: the app registration with the ends of its credentials. */
import type { AppCertificate, AppSecret } from '../entra/app-state.ts';
import { graphError } from '../error-bodies.ts';
import { type ServiceHandler, json } from '../service-call.ts';
import type { SimulatorState } from '../state.ts';
import { ROLES, type TokenAuthority } from '../tokens.ts';
import { selected } from './select.ts';
import { graphRefusal } from './permission.ts';

/** `GET /v1.0/applications(appId='{appId}')`. Secret values and certificates are never in it. */
export const application =
  (state: SimulatorState, tokens: TokenAuthority): ServiceHandler =>
  (call) => {
    const { site, params, query } = call;
    const refused = graphRefusal(call, tokens, { audiences: [site.graph], roles: [ROLES.readApplications] });
    if (refused) return refused;
    if (params['appId']?.toLowerCase() !== state.clientId.toLowerCase())
      return graphError(call, {
        status: 404,
        code: 'Request_ResourceNotFound',
        text: `Resource '${params['appId']?.slice(0, 80)}' does not exist or one of its queried reference-property objects are not present.`,
      });
    const context = { '@odata.context': `${site.graph}/v1.0/$metadata#applications/$entity` };
    return json(200, { ...context, ...selected(applicationOf(state), query) });
  };

const applicationOf = ({ clientId, app }: SimulatorState): object => ({
  id: app.identity.clientId,
  appId: clientId,
  displayName: app.displayName,
  passwordCredentials: app.secrets.map(passwordCredential),
  keyCredentials: app.certificates.map(keyCredential),
});

const passwordCredential = ({ keyId, displayName, value, startDateTime, endDateTime }: AppSecret): object => ({
  customKeyIdentifier: null,
  displayName,
  endDateTime,
  hint: value.slice(0, 3),
  keyId,
  secretText: null,
  startDateTime,
});

const keyCredential = ({ keyId, displayName, thumbprint, startDateTime, endDateTime }: AppCertificate): object => ({
  customKeyIdentifier: thumbprint,
  displayName,
  endDateTime,
  key: null,
  keyId,
  startDateTime,
  type: 'AsymmetricX509Cert',
  usage: 'Verify',
});
