/** The tenants of a running server, as pages and the API show them. Nothing is asked of a service. */
import type { Placed } from '../actions/seen-places.ts';
import type { TenantSource, TenantView } from '../actions/tenant-view.ts';
import { tenantsOf } from '../config/policies.ts';
import type { TenantConfig } from '../config/tenants.ts';
import type { Belonging } from '../core/access.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { ListedNotification } from '../core/records.ts';
import type { Store } from '../core/store.ts';
import { standingOf, type Watched } from '../core/watched.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import { resolveCloud } from '../intune/clouds.ts';
import type { SeenRoles } from '../intune/tenant-memory.ts';
import { ROLE } from '../intune/tenant-check.ts';
import type { CredentialEnds } from './credential-ends.ts';
import type { Settings } from './settings.ts';

/** What the views are made of. `clients` by the name of their tenant. */
export type TenantViewParts = {
  settings: Pick<Settings, 'config'>;
  clients: ReadonlyMap<string, Pick<DiagnosableClient, 'health' | 'breaker' | 'seen'>>;
  credentials: Pick<CredentialEnds, 'watched'>;
  store: Pick<Store, 'listNotifications' | 'directoryStanding'>;
  clock: Clock;
};

/** Notifications that are looked at: more than wait in a server that works. */
const MOST_NOTIFICATIONS = 500;

/** Each is read anew whenever it is asked for. */
export const tenantSource = (parts: TenantViewParts): TenantSource => ({
  async list() {
    const { config } = parts.settings;
    const waiting = await parts.store.listNotifications({ limit: MOST_NOTIFICATIONS });
    return Promise.all(
      Object.entries(config.tenants).map(async ([name, tenant]) => {
        const places = placesOf(name, config);
        const endpoints = new Set(places.flatMap(({ endpoint }) => endpoint ?? []));
        const outbox = outboxOf(waiting, endpoints);
        return { places, view: await viewOf(name, tenant, { ...parts, outbox }) } satisfies Placed<TenantView>;
      }),
    );
  },
});

/** By itself, and at each endpoint that asks it. */
const placesOf = (tenant: string, { endpoints }: Settings['config']): Belonging[] => [
  { tenant },
  ...endpoints
    .filter(({ policy }) => tenantsOf(policy).includes(tenant))
    .map(({ name, authority }) => ({ endpoint: name, authority: authority.name, tenant })),
];

async function viewOf(
  name: string,
  tenant: TenantConfig,
  { clients, credentials, store, clock, outbox }: TenantViewParts & Pick<TenantView, 'outbox'>,
): Promise<TenantView> {
  const client = clients.get(name);
  const health = client?.health();
  const { calls = [], roles } = client?.seen() ?? {};
  const end = credentials.watched().find(({ what }) => what.startsWith(`tenant ${name}: `));
  return {
    name,
    tenant: tenant.tenant,
    ...defined({ clientId: tenant.clientId }),
    cloud: typeof tenant.cloud === 'string' ? tenant.cloud : 'by its URLs',
    endpoints: [],
    usable: health?.ok ?? false,
    detail: health?.detail ?? 'no client was made for it',
    ...defined({ remedy: (health?.fault ?? health?.notification?.fault)?.remedy }),
    breaker: client?.breaker() ?? 'closed',
    credential: { kind: credentialKind(tenant), ...endOf(end, clock()) },
    permissions: permissionsOf(tenant, roles),
    outbox,
    ...(tenant.directory && { directory: await directoryOf(name, store) }),
    calls: calls.map(({ at, hop, host, result, ms, clientRequestId }) => ({
      at: at.toISOString(),
      call: hop,
      host,
      result,
      duration: ms,
      ...defined({ clientRequestId }),
    })),
  };
}

function credentialKind({ certificate, federated, managedIdentity }: TenantConfig): TenantView['credential']['kind'] {
  if (certificate) return 'certificate';
  if (federated) return 'workload identity';
  return managedIdentity ? 'managed identity' : 'client secret';
}

const endOf = (end: Watched | undefined, now: Date): Omit<TenantView['credential'], 'kind'> =>
  end ? { subject: end.subject, ends: end.validity.notAfter.toISOString(), standing: standingOf(end, now) } : {};

const toRead = (things: string, ...others: string[]) => [`${things}.Read.All`, `${things}.ReadWrite.All`, ...others];
const READ_APPLICATIONS = [toRead('Application', 'Directory.Read.All')];
const READ_DIRECTORY = [
  toRead('DeviceManagementManagedDevices'),
  toRead('User', 'Directory.Read.All'),
  toRead('Device', 'Directory.Read.All'),
];

/** Of each line of what is needed, one must be granted. A permission to write has that to read in it. */
function permissionsOf(
  { cloud, directory }: TenantConfig,
  seen: ReadonlyMap<string, SeenRoles> | undefined,
): TenantView['permissions'] {
  const { graph, intune } = resolveCloud(cloud);
  const services = [
    { service: 'Intune', found: seen?.get(`${intune}/`), needed: [[ROLE]] },
    {
      service: 'Microsoft Graph',
      found: seen?.get(graph),
      needed: directory ? [...READ_APPLICATIONS, ...READ_DIRECTORY] : READ_APPLICATIONS,
    },
  ] as const;
  return services.flatMap(({ service, found, needed }) => {
    const { at, roles } = found ?? {};
    if (!at || !roles) return [];
    const missing = needed.filter((any) => !any.some((role) => roles.includes(role))).map(([first = '']) => first);
    return [{ service, at: at.toISOString(), roles: [...roles], missing }];
  });
}

function outboxOf(waiting: readonly ListedNotification[], endpoints: ReadonlySet<string>): TenantView['outbox'] {
  const own = waiting.filter(({ mode, endpoint }) => mode === 'outbox' && endpoints.has(endpoint));
  return {
    waiting: own.length,
    more: waiting.length >= MOST_NOTIFICATIONS,
    ...defined({ oldest: own[0]?.createdAt.toISOString() }),
  };
}

async function directoryOf(tenant: string, store: TenantViewParts['store']): Promise<TenantView['directory']> {
  const { listedAt, nextAt, error, waiting } = await store.directoryStanding(tenant);
  return {
    waiting,
    ...defined({
      listedAt: listedAt?.toISOString(),
      nextAt: nextAt?.toISOString(),
      error: error === '' ? undefined : error,
    }),
  };
}
