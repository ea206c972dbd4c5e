/** Client of Intune's SCEP API for one tenant: token, discovery, calls, retries. */
import type { Clock } from '../core/environment.ts';
import type { ListDirectory } from '../core/tenant-directory.ts';
import { ConfigError } from '../core/errors.ts';
import type { FailureNotification, SuccessNotification } from '../core/notification.ts';
import { type CloudName, type CloudUrls, exchangeAudience, type IntuneCloud, resolveCloud } from './clouds.ts';
import { directoryLists } from './directory-lists.ts';
import { discovery } from './discovery.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { type HttpsExchange, httpsExchange } from './https-exchange.ts';
import { checkTenant, HARMLESS_REQUEST } from './tenant-check.ts';
import { type RevocationClient, revocationClient } from './revocation-client.ts';
import { CONNECTOR_SERVICE } from './revocation-requests.ts';
import { TIMEOUTS, type Timeouts } from './retry.ts';
import { type IntuneHealth, retryingCalls } from './retrying-calls.ts';
import {
  callScepAction,
  failureBody,
  type IntuneAnswer,
  SCEP_SERVICE,
  type ScepActionHop,
  type ScepActionRequest,
  successBody,
  validationBody,
} from './scep-actions.ts';
import { dropAddressIfGone } from './service-address.ts';
import { type CredentialEnd, secretEnd } from './credential-end.ts';
import { assertOneCredential, type CredentialOptions, entraCredential } from './credentials.ts';
import { assertIdentity, identityToken } from './platform-identity.ts';
import { entraToken } from './token.ts';
import { type FetchToken, tokenSource, withToken } from './kept-tokens.ts';
import { type TenantSteps, tenantSteps } from './tenant-steps.ts';
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
};

/**
 * What a policy needs of Intune. Each call resolves to Intune's answer, a refusal included. It throws
 * IntuneUnreachable when there is no answer, and the signal's reason when the caller aborts.
 */
export interface IntuneClient {
  /** Asks whether the request is the one for which Intune made the challenge in it. */
  validateRequest(request: ScepActionRequest, signal: AbortSignal): Promise<IntuneAnswer>;
  /** Reports that the certificate was issued. */
  successNotification(notification: SuccessNotification, signal: AbortSignal): Promise<IntuneAnswer>;
  /** Reports that no certificate was issued for a validated request. */
  failureNotification(notification: FailureNotification, signal: AbortSignal): Promise<IntuneAnswer>;
  /**
   * Asks Entra for tokens and Graph for the address of the service, and looks for the role in the token; after a
   * validateRequest that failed, also Intune, with a request that it refuses. Throws IntuneUnreachable with the step that failed, and the signal's reason when the caller aborts.
   */
  check(signal: AbortSignal): Promise<void>;
  /**
   * When the client secret ends, as Graph has it. Undefined for another credential, and when Graph does not tell. Throws the
   * signal's reason when the caller aborts.
   */
  secretEnd(signal: AbortSignal): Promise<CredentialEnd | undefined>;
  /** Whether the last call or check found the tenant usable, and otherwise why not. Sends nothing. */
  health(): IntuneHealth;
  /** Closes the connections; running calls fail. */
  close(): Promise<void>;
}

/** All that a tenant is called for: what a policy needs, what a poller of revocation requests needs, and the directory. */
export type TenantClient = IntuneClient &
  RevocationClient & {
    /** Lists devices or users of the tenant, a page after the other. Says nothing about `health`. */
    directory: ListDirectory;
  };

/** A client whose steps can be looked at one by one. */
export type DiagnosableClient = TenantClient & { steps: TenantSteps };

/** Makes a client. Nothing is sent before the first call. Throws ConfigError for settings that cannot work. */
export function intuneClient(options: IntuneClientOptions): DiagnosableClient {
  const { clock, uuid, callerInfo } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const https = httpsExchange({ ...options, callMs: timeouts.callMs });
  const { exchange, underWay } = watchedExchange(reportingTime(https.exchange, options.serverTime), clock);
  const { ask, health, checked } = retryingCalls(timeouts, clock);
  const cloud = resolveCloud(options.cloud ?? 'public');
  const fetchToken = tokenFetcher(checkedIdentity(options), cloud, exchange);
  const tokens = (resource: string) => tokenSource(fetchToken(resource), clock);
  const graph = tokens(cloud.graph);
  // The id of the resource ends with a slash, so the scope has two.
  const intune = tokens(`${cloud.intune}/`);
  const locator = (name: string) => discovery(name, { cloud, tokens: graph, exchange, clock, uuid });
  const service = locator(SCEP_SERVICE);
  const connector = { service: locator(CONNECTOR_SERVICE), tokens: intune };

  type Action = { hop: ScepActionHop; body: string; clientRequestId: string };
  function attempts({ hop, body, clientRequestId }: Action): (signal: AbortSignal) => Promise<IntuneAnswer> {
    return async (signal) => {
      const uri = await service.locate(signal);
      const action = { hop, uri, body, clientRequestId, callerInfo };
      return dropAddressIfGone(service, hop, () =>
        withToken(intune, signal, (token) => callScepAction({ ...action, token }, { exchange, clock }, signal)),
      );
    };
  }
  function call(hop: ScepActionHop, body: string, signal: AbortSignal): Promise<IntuneAnswer> {
    const clientRequestId = uuid();
    return ask(hop, attempts({ hop, body, clientRequestId }), signal, () => underWay(clientRequestId));
  }

  const refused = (signal: AbortSignal): Promise<IntuneAnswer> =>
    attempts({
      hop: 'validateRequest',
      body: validationBody(HARMLESS_REQUEST, callerInfo),
      clientRequestId: uuid(),
    })(signal);

  return {
    ...revocationClient({ ...connector, exchange, clock, uuid, callerInfo, timeouts }),
    steps: tenantSteps({ graph, intune, service, refused }),
    validateRequest: (request, signal) => call('validateRequest', validationBody(request, callerInfo), signal),
    successNotification: (notification, signal) =>
      call('successNotification', successBody(notification, callerInfo), signal),
    failureNotification: (notification, signal) =>
      call('failureNotification', failureBody(notification, callerInfo), signal),
    async check(signal) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(timeouts.totalMs)]);
      try {
        // A locator of its own remembers no address, so that Graph is asked.
        await checkTenant({ intune, service: locator(SCEP_SERVICE) }, either);
        // Otherwise a fault of validateRequest would stay until a device asks.
        if (health().fault?.hop === 'validateRequest') await refused(either);
        checked();
      } catch (error) {
        signal.throwIfAborted();
        const fault = error instanceof IntuneUnreachable ? error : noAnswer(timeouts.totalMs, error);
        checked(fault);
        throw fault;
      }
    },
    async secretEnd(signal) {
      const { clientId, clientSecret } = options;
      if (clientId === undefined || clientSecret === undefined) return undefined;
      return secretEnd({ clientId, clientSecret }, { cloud, tokens: graph, exchange, uuid }, signal);
    },
    directory: directoryLists({
      cloud,
      tokens: graph,
      exchange,
      clock,
      uuid,
      tries: timeouts.retries + 1,
      backoffMs: timeouts.backoffMs,
    }),
    health,
    close: https.close,
  };
}

const noAnswer = (ms: number, cause: unknown): IntuneUnreachable =>
  new IntuneUnreachable({
    hop: 'token',
    what: `no answer within ${ms} ms`,
    remedy: 'Look at the network and the proxy.',
    retryable: true,
    cause,
  });

/** The same exchange, which reports the Date of Entra's replies. */
function reportingTime(exchange: HttpsExchange, serverTime: IntuneClientOptions['serverTime']): HttpsExchange {
  if (!serverTime) return exchange;
  return async (call, signal) => {
    const reply = await exchange(call, signal);
    const date = Date.parse(reply.headers['date'] ?? '');
    if (call.hop === 'token' && !call.direct && !Number.isNaN(date)) serverTime(new Date(date));
    return reply;
  };
}

/** Names for several tenants, or for none: the client credentials flow needs one tenant (RFC 6749 4.4). */
const NO_TENANT = new Set(['', 'common', 'organizations', 'consumers']);

type Identity = IntuneClientOptions & { clientId: string };

/** Throws ConfigError for settings that cannot work. `clientId` is empty for a system-assigned managed identity only. */
function checkedIdentity(options: IntuneClientOptions): Identity {
  const { tenant, clientId, clientSecret, managedIdentity } = options;
  if (NO_TENANT.has(tenant) || !/^[A-Za-z0-9.-]+$/.test(tenant))
    throw new ConfigError('tenant: neither a GUID nor a domain name', 'Give the id or a domain of the Entra tenant.');
  if (clientSecret === '')
    throw new ConfigError('clientSecret: is empty', 'Give the value of a client secret, for example by `${env:NAME}`.');
  assertOneCredential(options);
  if (managedIdentity) assertIdentity(managedIdentity, clientId);
  else if (!clientId)
    throw new ConfigError('clientId: is empty', 'Give the application (client) id of the app registration.');
  return { ...options, clientId: clientId ?? '' };
}

/** How a token for a resource is got: from the platform of the managed identity, or from Entra with a credential. */
function tokenFetcher(
  options: Identity,
  cloud: IntuneCloud,
  exchange: HttpsExchange,
): (resource: string) => FetchToken {
  const { managedIdentity, tenant, clientId, clock } = options;
  if (managedIdentity)
    return (resource) =>
      identityToken({ identity: managedIdentity, clientId: clientId || undefined, resource, exchange, clock });
  const context = {
    ...options,
    audience: exchangeAudience(cloud),
    endpoint: `${cloud.login}/${tenant}/oauth2/v2.0/token`,
  };
  const credential = () => entraCredential(options, context);
  return (resource) =>
    entraToken({ tenant, clientId, login: cloud.login, scope: `${resource}/.default`, credential, exchange, clock });
}
