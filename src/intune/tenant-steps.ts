/** The steps that an enrolment needs of a tenant, one by one: for a diagnosis, which looks at each by itself. */
import type { ServiceLocator } from './discovery.ts';
import type { IntuneAnswer } from './scep-actions.ts';
import { rolesIn } from './tenant-check.ts';
import type { TokenSource } from './kept-tokens.ts';

/** Each throws IntuneUnreachable, and the signal's reason when the caller aborts. */
export type TenantSteps = {
  /** The roles in a token for Graph; undefined when the token cannot be read. */
  graphRoles(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** The roles in a token for Intune; undefined when the token cannot be read. */
  intuneRoles(signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** The address that Graph has for the SCEP service. */
  locate(signal: AbortSignal): Promise<string>;
  /** The answer of Intune to a request that it must refuse. */
  refusal(signal: AbortSignal): Promise<IntuneAnswer>;
};

/** What the steps are made of. `refused` asks Intune with a harmless request. */
type Parts = { graph: TokenSource; intune: TokenSource; service: ServiceLocator; refused: TenantSteps['refusal'] };

/** The steps over the sources of one client. Sends nothing yet. */
export const tenantSteps = ({ graph, intune, service, refused }: Parts): TenantSteps => ({
  graphRoles: async (signal) => texts(rolesIn(await graph.get(signal))),
  intuneRoles: async (signal) => texts(rolesIn(await intune.get(signal))),
  locate: (signal) => service.locate(signal),
  refusal: refused,
});

const texts = (roles: readonly unknown[] | undefined): string[] | undefined =>
  roles?.filter((role) => typeof role === 'string');
