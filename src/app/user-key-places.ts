/** Keys of people as the desk of a server has them: where they belong, and the work on them that an operator asks for. */
import type { UserKeySource, UserKeyWork } from '../actions/user-key-source.ts';
import { deadlineIn, systemRandom } from '../embed/system.ts';
import { SECOND } from '../core/durations.ts';
import type { ReconciledKeys } from '../pfx/follow-user-keys.ts';
import { revokeUserKey } from '../pfx/revoke-user-key.ts';
import { comparisonNoted } from '../pfx/user-key-turn.ts';
import { type PeopleParts, peopleServices } from './people-job.ts';

/** Milliseconds for which a request waits for Graph. */
const COMPARED_WITHIN = 60 * SECOND;
const DELETED_WITHIN = 30 * SECOND;

/** What the desk has. Keys of the tenant of `pfx.people` belong to the endpoint that issues, and to its authority. */
export function userKeySource(parts: PeopleParts): UserKeySource {
  const { pfx, tenants, endpoints } = parts.settings.config;
  const issuing = endpoints.find(({ name }) => name === pfx?.people?.endpoint);
  const at = issuing ? { endpoint: issuing.name, authority: issuing.authority.name } : {};
  const work = issuing && workOf(parts, issuing.name);
  return {
    isConfigured: pfx !== undefined,
    places: Object.keys(tenants).map((tenant) => ({ tenant, ...(tenant === pfx?.people?.tenant && at) })),
    ...(work && { work }),
  };
}

/** Undefined where the server makes no keys. */
function workOf(parts: PeopleParts, endpoint: string): UserKeyWork | undefined {
  const services = peopleServices(parts);
  if (!services) return undefined;
  let comparison: Promise<ReconciledKeys> | undefined;
  return {
    tenant: services.tenant,
    endpoint,
    random: systemRandom,
    // Several who ask at once wait for one.
    reconcile: () =>
      (comparison ??= comparisonNoted(services, deadlineIn(COMPARED_WITHIN)).finally(() => {
        comparison = undefined;
      })),
    revoke: async (key, asked, by) => {
      const theirs = peopleServices(parts, by) ?? services;
      return revokeUserKey(key, asked, { ...theirs, store: parts.store }, deadlineIn(DELETED_WITHIN));
    },
  };
}
