/** The administrator's listener of a configuration: NDES's pages and the API. */
import type { FastifyInstance } from 'fastify';
import type { Desk } from '../actions/action.ts';
import { type Authenticate, basicAuthentication } from '../access/basic-authentication.ts';
import { type AdminPage, ndesPages } from '../admin/ndes-plugin.ts';
import { OIDC_LOGIN } from '../admin/oidc-routes.ts';
import { adminServer } from '../admin/admin-server.ts';
import { adminPages } from '../admin/pages/pages-plugin.ts';
import { authorization, callerBehind } from '../admin/api-authorization.ts';
import { metricsPlugin, type MetricsPluginOptions } from '../admin/metrics-plugin.ts';
import { ACTIONS } from '../actions/all-actions.ts';
import { REST_PREFIX, restApi } from '../rest/rest-plugin.ts';
import { VERSION } from './version.ts';
import type { Emit } from '../core/events.ts';
import type { Clock } from '../core/environment.ts';
import type { ReadinessOptions } from '../admin/readiness.ts';
import type { Store } from '../core/store.ts';
import { loginGuard } from '../access/login-guard.ts';
import { belongingIn, configuredAccess, passwordUsers } from './operators.ts';
import { challengeIssuerOf } from './challenge-issuers.ts';
import { defined } from '../core/defined.ts';
import { pageAssetTexts } from './page-asset-files.ts';
import type { LoadedEndpoint } from './loaded-endpoints.ts';
import type { Settings } from './settings.ts';
import { loadOf } from '../embed/embed.ts';

/** What the listener works on. */
export type AdministrationParts = {
  settings: Settings;
  store: Store;
  emit: Emit;
  clock: Clock;
  readiness: Pick<ReadinessOptions, 'probes' | 'detail'>;
  publicServer: FastifyInstance;
  /** What the pages work on. */
  desk: Desk;
  /** What `/metrics` answers. Without it there is none. */
  metrics?: MetricsPluginOptions['text'] | undefined;
};

/**
 * Registers the public pages on the public server, and returns the administrator's server, not yet listening; undefined
 * when the configuration has no `admin`.
 */
export async function administration({
  settings,
  store,
  emit,
  clock,
  readiness,
  publicServer,
  desk,
  metrics,
}: AdministrationParts): Promise<FastifyInstance | undefined> {
  const { admin } = settings.config;
  if (!admin) return undefined;
  const users = passwordUsers(admin);
  // One for both listeners and all ways to log in, so that failed logins are counted together.
  const guard = loginGuard(clock);
  const authenticate: Authenticate = basicAuthentication({ users, clock, emit, guard });
  const access = configuredAccess(admin, { store, clock, emit, guard });
  const pagesOf = (some: readonly LoadedEndpoint[]) => some.flatMap((each) => pageOf(each, store) ?? []);
  const published = pagesOf(settings.endpoints.filter(({ config }) => config.adminPage === 'public'));
  if (published.length > 0) await publicServer.register(ndesPages, { pages: published, authenticate, emit });
  const server = await adminServer({
    pages: pagesOf(settings.endpoints),
    ...defined({
      authenticate: users.size > 0 ? authenticate : undefined,
      trustProxy: admin.trustProxy,
      tls: settings.adminTls,
    }),
    access,
    belongingOf: belongingIn(settings.config.endpoints),
    readiness: { ...readiness, load: () => loadOf(publicServer), store },
    clock,
    emit,
  });
  if (access.hasTokens || access.hasPeople)
    await server.register(restApi, {
      prefix: REST_PREFIX,
      actions: ACTIONS,
      desk,
      login: callerBehind(access),
      version: VERSION,
      emit,
    });
  if (access.hasTokens && metrics)
    await server.register(metricsPlugin, { login: authorization({ access }), text: metrics });
  const providers = access.oidc ? [{ name: access.oidc.provider, path: OIDC_LOGIN }] : [];
  await server.register(adminPages, { desk, access, providers, assets: pageAssetTexts(), emit });
  return server;
}

function pageOf({ config, authority }: LoadedEndpoint, store: Store): AdminPage | undefined {
  const issuer = challengeIssuerOf(config, store);
  return issuer && { path: config.path, issuer, caCertificate: authority.certificate };
}
