/** The ScepActions of one tenant: address, token, retries. */
import type { Clock } from '../core/environment.ts';
import type { FailureNotification, SuccessNotification } from '../core/notification.ts';
import type { ServiceLocator } from './discovery.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { type TokenSource, withToken } from './kept-tokens.ts';
import type { RetryingCalls } from './retrying-calls.ts';
import {
  callScepAction,
  failureBody,
  type IntuneAnswer,
  type ScepActionHop,
  type ScepActionRequest,
  successBody,
  validationBody,
} from './scep-actions.ts';
import { dropAddressIfGone } from './service-address.ts';
import { HARMLESS_REQUEST } from './tenant-check.ts';
import type { CallUnderWay } from './under-way.ts';

/** What the calls are made with. `underWay`: the exchange that is under way for a call of this id. `answered` is told each answer. */
export type ScepActionParts = {
  service: ServiceLocator;
  tokens: TokenSource;
  exchange: HttpsExchange;
  clock: Clock;
  uuid: () => string;
  callerInfo: string;
  ask: RetryingCalls['ask'];
  underWay: (clientRequestId: string) => CallUnderWay | undefined;
  answered: (answer: IntuneAnswer) => void;
};

/**
 * Each call resolves to Intune's answer, a refusal included. It throws IntuneUnreachable when there is no answer, and the
 * signal's reason when the caller aborts.
 */
export interface ScepActionClient {
  /** Asks whether the request is the one for which Intune made the challenge in it. */
  validateRequest(request: ScepActionRequest, signal: AbortSignal): Promise<IntuneAnswer>;
  /** Reports that the certificate was issued. */
  successNotification(notification: SuccessNotification, signal: AbortSignal): Promise<IntuneAnswer>;
  /** Reports that no certificate was issued for a validated request. */
  failureNotification(notification: FailureNotification, signal: AbortSignal): Promise<IntuneAnswer>;
}

/** The calls of a policy, and `refused`, which asks once, without retries, with a request that Intune must refuse. */
export function scepActionClient(parts: ScepActionParts): {
  actions: ScepActionClient;
  refused: (signal: AbortSignal) => Promise<IntuneAnswer>;
} {
  const { uuid, callerInfo, ask, underWay } = parts;
  function call(hop: ScepActionHop, body: string, signal: AbortSignal): Promise<IntuneAnswer> {
    const clientRequestId = uuid();
    const attempt = (until: AbortSignal) => attemptOnce(parts, { hop, body, clientRequestId }, until);
    return ask(hop, attempt, signal, () => underWay(clientRequestId));
  }
  const harmless = validationBody(HARMLESS_REQUEST, callerInfo);
  return {
    actions: {
      validateRequest: (request, signal) => call('validateRequest', validationBody(request, callerInfo), signal),
      successNotification: (notification, signal) =>
        call('successNotification', successBody(notification, callerInfo), signal),
      failureNotification: (notification, signal) =>
        call('failureNotification', failureBody(notification, callerInfo), signal),
    },
    refused: (signal) =>
      attemptOnce(parts, { hop: 'validateRequest', body: harmless, clientRequestId: uuid() }, signal),
  };
}

type Action = { hop: ScepActionHop; body: string; clientRequestId: string };

async function attemptOnce(
  { service, tokens, exchange, clock, callerInfo, answered }: ScepActionParts,
  { hop, ...action }: Action,
  signal: AbortSignal,
): Promise<IntuneAnswer> {
  const uri = await service.locate(signal);
  const answer = await dropAddressIfGone(service, hop, () =>
    withToken(tokens, signal, (token) =>
      callScepAction({ ...action, hop, uri, callerInfo, token }, { exchange, clock }, signal),
    ),
  );
  answered(answer);
  return answer;
}
