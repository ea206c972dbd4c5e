/** What actions of operators work on in a running server: the store, and views of what was loaded. */
import type { Desk } from '../actions/action.ts';
import type { Conditions } from '../core/condition.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import type { Store } from '../core/store.ts';
import type { DiagnosableClient } from '../intune/client.ts';
import { authoritySource } from './authority-views.ts';
import type { AuthorityParts } from './authority-views.ts';
import { secondPerson } from '../actions/two-persons.ts';
import { systemPause, systemRandom } from '../embed/system.ts';
import { publicKeysOf } from './audit-key.ts';
import { endpointSource } from './endpoint-views.ts';
import type { PlanOf } from '../manage/pending-requests.ts';
import { receiverNames } from './configured-messages.ts';
import { belongingIn, grantsNowIn } from './operators.ts';
import { loggedIssuers } from './password-issuers.ts';
import { plannedCertificates } from './planned-certificates.ts';
import type { Endpoints } from './served-endpoints.ts';
import { userKeySource } from './user-key-places.ts';
import { type TenantViewParts, tenantSource } from './tenant-views.ts';

/** The parts of one loading. */
export type DeskParts = Omit<AuthorityParts, 'served'> &
  Pick<TenantViewParts, 'credentials'> & {
    clients: ReadonlyMap<string, DiagnosableClient>;
    endpoints: Endpoints;
    store: Store;
    clock: Clock;
    conditions: () => Promise<Conditions>;
    emit: Emit;
    /** Where the configuration was read from. */
    file: string;
  };

/** The desk of one loading; a reload makes the next one. */
export const deskOf = ({ endpoints, ...parts }: DeskParts): Desk => ({
  store: parts.store,
  clock: parts.clock,
  emit: parts.emit,
  conditions: parts.conditions,
  authorities: authoritySource({ ...parts, served: endpoints.served }),
  tenants: tenantSource(parts),
  endpoints: endpointSource({ ...parts, endpoints }),
  plans: plansOf(parts.file),
  passwords: loggedIssuers(parts.settings.config, parts),
  placesOf: belongingIn(parts.settings.config.endpoints),
  userKeys: userKeySource(parts),
  receivers: receiverNames(parts.settings.config.messages),
  auditKeys: publicKeysOf(parts.settings.auditKey),
  pause: () => systemPause(0),
  ...(parts.settings.config.admin?.twoPersons && {
    secondPerson: secondPerson({ store: parts.store, clock: parts.clock, random: systemRandom }),
    grantsNow: grantsNowIn(parts.settings.config.admin, parts.clock),
  }),
});

/** The file is read again when the first request that waits is shown. */
function plansOf(file: string): PlanOf {
  let plans: PlanOf | undefined;
  return (endpoint, csr) => (plans ??= plannedCertificates(file))(endpoint, csr);
}
