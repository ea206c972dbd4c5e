/** The job that revokes what is gone from the directory of a tenant, and the same work by a command. */
import { randomUUID } from 'node:crypto';
import { policiesIn } from '../config/policies.ts';
import type { Config } from '../config/schema.ts';
import { MINUTE } from '../core/durations.ts';
import { ConfigError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { systemClock } from '../embed/system.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import { type Job, runOnce } from '../jobs/leased-job.ts';
import { type ComparedCertificates, compareCertificates } from '../manage/compare-certificates.ts';
import {
  type DirectoryPlan,
  type DirectoryRules,
  directoryTurn,
  type DirectoryWork,
  listAndRevoke,
  planDirectory,
} from '../manage/follow-directory.ts';
import { readConfig } from './configuration-file.ts';
import { newIntuneClient } from './new-intune-client.ts';

/** A tenant with `directory`, its rules, and the names of the endpoints whose devices are of this tenant. */
export type TenantDirectory = { tenant: string; endpoints: readonly string[]; rules: DirectoryRules };

/** A tenant, and the names of the endpoints whose devices are of it. */
export type TenantEndpoints = Omit<TenantDirectory, 'rules'>;

type TenantsConfig = Pick<Config, 'tenants' | 'endpoints'>;

/** In the order of the configuration. */
export const directoriesIn = (config: TenantsConfig): TenantDirectory[] =>
  tenantsIn(config).flatMap(({ tenant, endpoints }) => {
    const rules = config.tenants[tenant]?.directory;
    return rules ? [{ tenant, endpoints, rules }] : [];
  });

const tenantsIn = ({ tenants, endpoints }: TenantsConfig): TenantEndpoints[] =>
  Object.keys(tenants).map((tenant) => {
    const own = endpoints.filter(({ policy }) => asksOneOf(policy, [tenant]));
    return { tenant, endpoints: own.map(({ name }) => name) };
  });

/** The names of the endpoints whose devices are not of this tenant. Two names of one tenant of Microsoft are one. */
export function endpointsWithout(name: string, { tenants, endpoints }: TenantsConfig): string[] {
  const idOf = (each: string): string | undefined => tenants[each]?.tenant.toLowerCase();
  const same = Object.keys(tenants).filter((each) => idOf(each) === idOf(name));
  return endpoints.filter(({ policy }) => !asksOneOf(policy, same)).map((each) => each.name);
}

const asksOneOf = (policy: Config['endpoints'][number]['policy'], tenants: readonly string[]): boolean =>
  policiesIn(policy).some(({ policy: each }) => each.kind === 'intune' && tenants.includes(each.tenant.name));

const nameOf = (tenant: string): string => `directory ${tenant}`;

/** `every`: milliseconds after which it looks whether a listing is due. */
export const directoryJob = ({ every = MINUTE, ...work }: DirectoryWork & { every?: number | undefined }): Job => ({
  name: nameOf(work.tenant),
  every,
  run: (signal) => directoryTurn(work, signal),
});

/** The tenants with `directory`, or the one with this name. Throws ConfigError when there is none. */
export const readDirectories = (file: string, name?: string): TenantDirectory[] =>
  named(directoriesIn(readConfig(file).config), name, {
    what: name === undefined ? 'no tenant of the configuration has `directory`' : `no tenant ${name} has \`directory\``,
    remedy: 'Add `directory: {}` to a tenant; see docs/intune.md.',
  });

/** All tenants, or the one with this name. Throws ConfigError when there is none. */
export const readTenants = (file: string, name?: string): TenantEndpoints[] =>
  named(tenantsIn(readConfig(file).config), name, {
    what: name === undefined ? 'the configuration has no tenant' : `there is no tenant ${name}`,
    remedy: 'Add one to `tenants`; see docs/intune.md.',
  });

/** `remedy`: where there is not one. */
function named<T extends { tenant: string }>(
  all: readonly T[],
  name: string | undefined,
  { what, remedy }: { what: string; remedy: string },
): T[] {
  const found = all.filter(({ tenant }) => name === undefined || tenant === name);
  if (found.length > 0) return found;
  const known = all.map(({ tenant }) => tenant).join(', ');
  throw new ConfigError(what, known === '' ? remedy : `Name one of: ${known}.`);
}

type Asked = Pick<DirectoryWork, 'store' | 'emit'> & { file: string; directory: TenantDirectory };

/** Lists one directory now, due or not, and revokes. Returns false when a server does it at this moment. */
export const runDirectoryNow = ({ store, emit, ...asked }: Asked & { store: Store }): Promise<boolean> =>
  withClient(asked, ({ directory: list }) => {
    const work: DirectoryWork = { ...asked.directory, store, emit, list, clock: systemClock };
    const job = { name: nameOf(work.tenant), every: MINUTE, run: (signal: AbortSignal) => listAndRevoke(work, signal) };
    return runOnce(job, { store, owner: randomUUID(), clock: systemClock });
  });

/** What `runDirectoryNow` would find. */
export const planDirectoryNow = ({ store, ...asked }: Omit<Asked, 'emit'>): Promise<DirectoryPlan> =>
  withClient(asked, ({ directory: list }) =>
    planDirectory({ ...asked.directory, store, list, clock: systemClock }, new AbortController().signal),
  );

/** What Intune lists of the certificates of a tenant, compared with the store. */
export const compareNow = (file: string, directory: TenantEndpoints, store: Store): Promise<ComparedCertificates> =>
  withClient({ file, directory }, ({ certificates: list }) =>
    compareCertificates({ ...directory, store, list, clock: systemClock }, new AbortController().signal),
  );

async function withClient<T>(
  { file, directory }: { file: string; directory: TenantEndpoints },
  work: (client: DiagnosableClient) => Promise<T>,
): Promise<T> {
  const tenant = readConfig(file).config.tenants[directory.tenant];
  if (!tenant) throw new ConfigError(`there is no tenant ${directory.tenant}`, 'Look at `tenants`.');
  const client = newIntuneClient(tenant, () => {});
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
