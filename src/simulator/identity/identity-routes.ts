/** The paths of the managed identity endpoints. */
import type { ServiceRoute } from '../routes.ts';
import { appService, arc, type IdentityServices, imds } from './managed-identity.ts';

const METADATA = '/metadata/identity/oauth2/token';

/** The addresses of the three endpoints; `appService.header` is the value of IDENTITY_HEADER, a secret. */
export type IdentityEndpoints = {
  appService: { endpoint: string; header: string };
  imds: { endpoint: string };
  arc: { endpoint: string };
};

/** The addresses on this port. That of Arc has a path of its own, because IMDS has the same path on another host. */
export const identityEndpoints = (port: number, header: string): IdentityEndpoints => {
  const origin = `http://127.0.0.1:${port}`;
  return {
    appService: { endpoint: `${origin}/msi/token`, header },
    imds: { endpoint: origin + METADATA },
    arc: { endpoint: `${origin}/arc${METADATA}` },
  };
};

/** The routes of the listener. */
export const identityRoutes = (services: IdentityServices): readonly ServiceRoute[] =>
  (
    [
      [/^\/msi\/token\/?$/i, appService(services)],
      [new RegExp(`^${METADATA}/?$`, 'i'), imds(services)],
      [new RegExp(`^/arc${METADATA}/?$`, 'i'), arc(services)],
    ] as const
  ).map(([pattern, handler]) => ({ hop: 'managedIdentity', method: 'GET', pattern, handler }));
