/** Client of Intune's SCEP API for one tenant, made of its parts: tokens, discovery, calls, check. */
import type { Clock } from '../core/environment.ts';
import type { ListIntuneCertificates } from '../core/intune-certificates.ts';
import type { ListDirectory } from '../core/tenant-directory.ts';
import type { PfxImports } from '../core/imported-pfx.ts';
import { certificateStates } from './certificate-states.ts';
import { type CloudName, type CloudUrls, resolveCloud } from './clouds.ts';
import { type SecretEnd, secretEnd } from './secret-end.ts';
import type { CredentialOptions } from './credentials.ts';
import { directoryLists } from './directory-lists.ts';
import { discovery } from './discovery.ts';
import { httpsExchange } from './https-exchange.ts';
import { importedPfxClient } from './imported-pfx-client.ts';
import { tokenSource } from './kept-tokens.ts';
import { pacedCalls } from './paced-calls.ts';
import { TIMEOUTS, type Timeouts } from './retry.ts';
import { type BreakerState, type IntuneHealth, retryingCalls } from './retrying-calls.ts';
import { type RevocationClient, revocationClient } from './revocation-client.ts';
import { CONNECTOR_SERVICE } from './revocation-requests.ts';
import { type ScepActionClient, scepActionClient } from './scep-action-client.ts';
import { SCEP_SERVICE } from './scep-actions.ts';
import { reportingTime } from './server-time.ts';
import { checkWithin } from './tenant-check.ts';
import { type SeenTenant, tenantMemory } from './tenant-memory.ts';
import { type TenantSteps, tenantSteps } from './tenant-steps.ts';
import { type CallMade, toldExchange } from './told-exchange.ts';
import { tokenFetcher } from './token-fetcher.ts';
import { watchedExchange } from './under-way.ts';

/** A tenant, the app registration that may call Intune for it, and how the services are reached. */
export type IntuneClientOptions = CredentialOptions & {
  /** GUID or domain name of the tenant whose profiles the devices have. */
  tenant: string;
  /** Of the app registration; of a managed identity only when it is user-assigned. */
  clientId?: string | undefined;
  /** Default `public`. */
  cloud?: CloudName | CloudUrls | undefined;
  /** PEM of a CA to trust beside the public ones. */
  trustCa?: string | undefined;
  /** URL of an HTTP proxy, with credentials if it needs them. A managed identity is never asked through it. */
  proxy?: string | undefined;
  clock: Clock;
  /** A random GUID for each call, sent as `client-request-id`. */
  uuid: () => string;
  /** Defaults in `TIMEOUTS`. */
  timeouts?: Partial<Timeouts> | undefined;
  /** Name and version of this product, which Intune records: `openndes/1.2.3`. */
  callerInfo: string;
  /** Called with the Date of each reply of Entra, to compare clocks. */
  serverTime?: ((date: Date) => void) | undefined;
  /** Called after each HTTP call, whatever came of it. */
  called?: ((call: CallMade) => void) | undefined;
};

/** What a policy needs of Intune, and what the server asks about the tenant. */
export interface IntuneClient extends ScepActionClient {
  /**
   * Asks Entra for tokens and Graph for the address of the service, and looks for the role in the token; after a
   * validateRequest that failed, also Intune, with a request that it refuses. Throws IntuneUnreachable with the step that
   * failed, and the signal's reason when the caller aborts.
   */
  check(signal: AbortSignal): Promise<void>;
  /**
   * When the client secret ends, as Graph has it. Undefined for another credential, and when Graph does not tell. Throws the
   * signal's reason when the caller aborts.
   */
  secretEnd(signal: AbortSignal): Promise<SecretEnd | undefined>;
  /** Whether the last call or check found the tenant usable, and otherwise why not. Sends nothing. */
  health(): IntuneHealth;
  /** Closes the connections; running calls fail. */
  close(): Promise<void>;
}

/** All that a tenant is called for: what a policy needs, what a poller of revocation requests needs, and the lists. */
export type TenantClient = IntuneClient &
  RevocationClient & {
    /** Lists devices or users of the tenant, a page after the other. Says nothing about `health`. */
    directory: ListDirectory;
    /** Lists the certificates of the devices as Intune has them. Says nothing about `health`. */
    certificates: ListIntuneCertificates;
    /** Imports PKCS#12 files for users. Says nothing about `health`. */
    imports: PfxImports;
  };

/**
 * A client whose steps can be looked at one by one. `seen`: what it remembers of the tenant. `breaker`: whether calls are tried
 * now. Both send nothing.
 */
export type DiagnosableClient = TenantClient & {
  steps: TenantSteps;
  seen: () => SeenTenant;
  breaker: () => BreakerState;
};

/** Of each call about imports: with a minute before the second one and ten at most, three quarters of an hour. */
const PACED_TRIES = 8;

/** Makes a client. Nothing is sent before the first call. Throws ConfigError for settings that cannot work. */
export function intuneClient(options: IntuneClientOptions): DiagnosableClient {
  const { clock, uuid, callerInfo, clientId, clientSecret } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const https = httpsExchange({ ...options, callMs: timeouts.callMs });
  const memory = tenantMemory(clock);
  const told = options.called ? toldExchange(https.exchange, options.called, clock) : https.exchange;
  const { exchange, underWay } = watchedExchange(memory.noted(reportingTime(told, options.serverTime)), clock);
  const cloud = resolveCloud(options.cloud ?? 'public');
  const fetchToken = tokenFetcher(options, cloud, exchange);
  const tokens = (resource: string) => tokenSource(memory.noting(resource, fetchToken(resource)), clock);
  const graph = { cloud, tokens: tokens(cloud.graph), exchange, clock, uuid };
  // The id of the resource ends with a slash, so the scope has two.
  const intune = { tokens: tokens(`${cloud.intune}/`), exchange, clock, uuid, callerInfo };
  const service = discovery(SCEP_SERVICE, graph);
  const calls = retryingCalls(timeouts, clock);
  const { actions, refused } = scepActionClient({
    ...intune,
    service,
    ask: calls.ask,
    underWay,
    answered: memory.answered,
  });
  const pages = { ...graph, tries: timeouts.retries + 1, backoffMs: timeouts.backoffMs };
  const chance = (): number => Number.parseInt(uuid().slice(0, 8), 16) / 2 ** 32 || 0;
  const paced = pacedCalls({ clock, tries: PACED_TRIES, backoffMs: timeouts.backoffMs, chance });
  return {
    ...actions,
    ...revocationClient({ ...intune, service: discovery(CONNECTOR_SERVICE, graph), timeouts }),
    steps: tenantSteps({ graph: graph.tokens, intune: intune.tokens, service, refused }),
    check: (signal) =>
      // A locator of its own remembers no address, so that Graph is asked.
      checkWithin(
        timeouts.totalMs,
        { intune: intune.tokens, service: discovery(SCEP_SERVICE, graph), refused, calls },
        signal,
      ),
    async secretEnd(signal) {
      if (clientId === undefined || clientSecret === undefined) return undefined;
      return secretEnd({ clientId, clientSecret }, graph, signal);
    },
    directory: directoryLists(pages),
    certificates: certificateStates(pages),
    imports: importedPfxClient({ ...pages, paced }),
    health: calls.health,
    breaker: calls.breaker,
    seen: memory.seen,
    close: https.close,
  };
}
