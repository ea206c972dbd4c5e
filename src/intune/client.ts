/** A client of Intune's SCEP service for one tenant: token, address, question, and patience with all three. */
import type { Clock } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { FailureNotification, SuccessNotification } from '../core/notification.ts';
import { type CloudName, type CloudUrls, resolveCloud } from './clouds.ts';
import { type Discovery, discovery } from './discovery.ts';
import { IntuneUnreachable } from './unreachable.ts';
import { httpsExchange } from './https-exchange.ts';
import { type Health, persistence, TIMEOUTS, type Timeouts } from './retry.ts';
import {
  type Action,
  act,
  failureBody,
  type IntuneAnswer,
  SCEP_SERVICE,
  type ScepActionRequest,
  successBody,
  validationBody,
} from './scep-actions.ts';
import { tokenSource, withToken } from './token.ts';

/** A tenant, the application that may ask in its name, and the way there. */
export type IntuneClientOptions = {
  /** GUID or domain name of the tenant whose profiles the devices have. */
  tenant: string;
  clientId: string;
  clientSecret: string;
  /** Default `public`. */
  cloud?: CloudName | CloudUrls | undefined;
  /** PEM of a CA to trust beside the public ones. */
  trustCa?: string | undefined;
  /** URL of an HTTP proxy. */
  proxy?: string | undefined;
  clock: Clock;
  /** A random GUID for each question, the `client-request-id`. */
  uuid: () => string;
  /** Defaults in `TIMEOUTS`. */
  timeouts?: Partial<Timeouts> | undefined;
  /** Name and version of this product, which Intune keeps: `openndes/1.2.3`. */
  callerInfo: string;
};

/**
 * What a policy needs of Intune. Each call resolves to Intune's answer, also when it is a "no", and throws
 * IntuneUnreachable when there is none, or the signal's reason when the caller gave up.
 */
export interface IntuneClient {
  /** Asks whether the request is the one that Intune put the challenge in for. */
  validateRequest(request: ScepActionRequest, signal: AbortSignal): Promise<IntuneAnswer>;
  /** Tells that the certificate was issued. */
  successNotification(notification: SuccessNotification, signal: AbortSignal): Promise<IntuneAnswer>;
  /** Tells that a validated request got no certificate. */
  failureNotification(notification: FailureNotification, signal: AbortSignal): Promise<IntuneAnswer>;
  /** What is known without asking: whether the breaker is closed. */
  health(): Health;
  /** Ends the connections; calls still running fail. */
  close(): Promise<void>;
}

/** A client. Nothing is sent before the first call. Throws ConfigError for settings that cannot work. */
export function intuneClient(options: IntuneClientOptions): IntuneClient {
  const { clock, uuid, callerInfo } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const { exchange, close } = httpsExchange({ ...options, callMs: timeouts.callMs });
  const { ask, health } = persistence(timeouts, clock);
  const cloud = resolveCloud(options.cloud ?? 'public');
  const tokens = (scope: string) => tokenSource({ ...identity(options), login: cloud.login, scope, exchange, clock });
  const graph = tokens(`${cloud.graph}/.default`);
  // The id of the resource ends with a slash of its own.
  const intune = tokens(`${cloud.intune}//.default`);
  const service = discovery(SCEP_SERVICE, { cloud, tokens: graph, exchange, clock, uuid });

  function call(hop: Action['hop'], body: string, signal: AbortSignal): Promise<IntuneAnswer> {
    const clientRequestId = uuid();
    const question = async (signal: AbortSignal): Promise<IntuneAnswer> => {
      const uri = await service.locate(signal);
      const action = { hop, uri, body, clientRequestId, callerInfo };
      return watch(service, hop, () =>
        withToken(intune, signal, (token) => act({ ...action, token }, { exchange, clock }, signal)),
      );
    };
    return ask(hop, question, signal);
  }

  return {
    validateRequest: (request, signal) => call('validateRequest', validationBody(request, callerInfo), signal),
    successNotification: (notification, signal) =>
      call('successNotification', successBody(notification, callerInfo), signal),
    failureNotification: (notification, signal) =>
      call('failureNotification', failureBody(notification, callerInfo), signal),
    health,
    close,
  };
}

/** Drops the address when nothing answers there, or says that it is not there (any more). */
async function watch<T>(service: Discovery, hop: Action['hop'], call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const gone =
      error instanceof IntuneUnreachable && error.hop === hop && [undefined, 404, 410].includes(error.status);
    if (gone) service.drop();
    throw error;
  }
}

/** Names that stand for no tenant of their own: the client credentials flow has no use for them. */
const NO_TENANT = new Set(['', 'common', 'organizations', 'consumers']);

function identity({ tenant, clientId, clientSecret }: IntuneClientOptions) {
  if (NO_TENANT.has(tenant) || !/^[A-Za-z0-9.-]+$/.test(tenant))
    throw new ConfigError('tenant: neither a GUID nor a domain name', 'Give the id or a domain of the Entra tenant.');
  if (clientId === '')
    throw new ConfigError('clientId: is empty', 'Give the application (client) id of the app registration.');
  if (clientSecret === '')
    throw new ConfigError('clientSecret: is empty', 'Give the value of a client secret, for example by `${env:NAME}`.');
  return { tenant, clientId, credential: { clientSecret } };
}
