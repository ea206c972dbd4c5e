/** The administrator's side of a configuration: NDES's pages on the listeners they belong on, and the API. */
import type { FastifyInstance } from 'fastify';
import { type Authenticate, basicAuthentication } from '../admin/basic-authentication.ts';
import { type AdminPage, ndesPages } from '../admin/ndes-plugin.ts';
import { adminServer } from '../admin/admin-server.ts';
import type { Logger } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { challengeIssuerOf } from './challenge-issuers.ts';
import type { EndpointConfig } from '../config/schema.ts';
import type { Settings } from './settings.ts';
import { systemClock } from '../embed/system.ts';

/**
 * Puts the pages that are public on the public server, and returns the administrator's own server, not yet listening;
 * undefined when there is no `admin` in the configuration.
 */
export async function administration(
  settings: Settings,
  store: Store,
  logger: Logger,
  publicServer: FastifyInstance,
): Promise<FastifyInstance | undefined> {
  const { admin, endpoints } = settings.config;
  if (!admin) return undefined;
  const users = new Map(Object.entries(admin.users));
  // One for both listeners, so that both count the same failures.
  const authenticate: Authenticate = basicAuthentication({ users, clock: systemClock, logger });
  const pagesOf = (some: readonly EndpointConfig[]) => some.flatMap((each) => pageOf(each, settings, store) ?? []);
  const published = pagesOf(endpoints.filter(({ adminPage }) => adminPage === 'public'));
  if (published.length > 0) await publicServer.register(ndesPages, { pages: published, authenticate, logger });
  return adminServer({
    pages: pagesOf(endpoints),
    ...(users.size > 0 && { authenticate }),
    ...(admin.token !== undefined && { token: admin.token }),
    clock: systemClock,
    logger,
  });
}

function pageOf(endpoint: EndpointConfig, { authorities }: Settings, store: Store): AdminPage | undefined {
  const issuer = challengeIssuerOf(endpoint, store);
  const [caCertificate] = authorities.get(endpoint.authority)!.authority.chain;
  return issuer && { path: endpoint.path, issuer, caCertificate: caCertificate! };
}
