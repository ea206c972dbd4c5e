/** Who may do what, and where: roles, their permissions, and grants that are limited to endpoints, authorities or tenants. */

/** What a role is for: docs/access.md. `metrics` is for programs that collect metrics. */
export const ROLES = ['viewer', 'operator', 'auditor', 'admin', 'metrics'] as const;

/** The name of a role. */
export type Role = (typeof ROLES)[number];

/**
 * What an action asks for. `view`: read what operators need. `operate`: approve, reject, revoke, block, issue one-time
 * passwords. `audit`: read the history and the configuration in force. `administer`: what changes the server itself.
 * `scrape`: read the metrics.
 */
export type Permission = 'view' | 'operate' | 'audit' | 'administer' | 'scrape';

/** The permissions of each role. */
export const PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['view'],
  operator: ['view', 'operate'],
  auditor: ['view', 'audit'],
  admin: ['view', 'operate', 'audit', 'administer', 'scrape'],
  metrics: ['scrape'],
};

/** Where something belongs: the names of its endpoint, its authority and its tenant, as far as it has them. */
export type Belonging = { endpoint?: string; authority?: string; tenant?: string };

/** A role, everywhere or only in the named places. A grant with several lists holds where all of them name the place. */
export type RoleGrant = {
  role: Role;
  endpoints?: readonly string[];
  authorities?: readonly string[];
  tenants?: readonly string[];
};

/** Where one permission holds. */
export type Reach = {
  /** Whether no grant limits it. */
  everywhere: boolean;
  /** Whether it holds for something at this place. What has no name of a kind is outside of every limit to that kind. */
  covers(place: Belonging): boolean;
};

/** Where these grants give the permission; undefined when they give it nowhere. */
export function reachOf(grants: readonly RoleGrant[], permission: Permission): Reach | undefined {
  const giving = grants.filter(({ role }) => PERMISSIONS[role].includes(permission));
  if (giving.length === 0) return undefined;
  return {
    everywhere: giving.some((grant) => !grant.endpoints && !grant.authorities && !grant.tenants),
    covers: (place) => giving.some((grant) => holds(grant, place)),
  };
}

/** Whether it holds at all places of one thing: an endpoint of two tenants belongs to both. */
export const coversAll = (reach: Reach, places: readonly Belonging[]): boolean =>
  reach.everywhere || (places.length > 0 && places.every((place) => reach.covers(place)));

/** Where both hold. */
export const bothReaches = (one: Reach, other: Reach): Reach => ({
  everywhere: one.everywhere && other.everywhere,
  covers: (place) => one.covers(place) && other.covers(place),
});

const holds = ({ endpoints, authorities, tenants }: RoleGrant, { endpoint, authority, tenant }: Belonging): boolean =>
  names(endpoints, endpoint) && names(authorities, authority) && names(tenants, tenant);

const names = (list: readonly string[] | undefined, name: string | undefined): boolean =>
  list === undefined || (name !== undefined && list.includes(name));
