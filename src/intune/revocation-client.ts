/** The calls for revocation requests of one tenant: address, token, retries. */
import type { Clock } from '../core/environment.ts';
import type { RevocationRequest } from '../core/records.ts';
import type { ServiceLocator } from './discovery.ts';
import type { HttpsExchange } from './https-exchange.ts';
import type { Timeouts } from './retry.ts';
import { retryingCalls } from './retrying-calls.ts';
import {
  downloadRevocationRequests,
  type RevocationAnswer,
  type RevocationCall,
  uploadRevocationResults,
} from './revocation-requests.ts';
import { dropAddressIfGone } from './service-address.ts';
import { type TokenSource, withToken } from './kept-tokens.ts';

/** What a poller of revocation requests calls. Both throw IntuneUnreachable, and the signal's reason on abort. */
export interface RevocationClient {
  /** `batch`: the GUID of the call, which the answers repeat. Nothing comes for 60 minutes after a download. */
  downloadRevocationRequests(signal: AbortSignal): Promise<{ batch: string; requests: RevocationRequest[] }>;
  /** Returns false when Intune takes none of them, because it does not know one of the requests. */
  uploadRevocationResults(batch: string, results: readonly RevocationAnswer[], signal: AbortSignal): Promise<boolean>;
}

/** What the calls are made with. */
export type RevocationClientParts = {
  service: ServiceLocator;
  tokens: TokenSource;
  exchange: HttpsExchange;
  clock: Clock;
  uuid: () => string;
  callerInfo: string;
  timeouts: Timeouts;
};

/** With retries and a breaker of their own: a fault of this service must not keep devices from enrolling. */
export function revocationClient(parts: RevocationClientParts): RevocationClient {
  const { service, tokens, exchange, clock, uuid, callerInfo, timeouts } = parts;
  const { ask } = retryingCalls(timeouts, clock);
  const services = { exchange, clock };

  type Hop = 'downloadRevocationRequests' | 'uploadRevocationResults';
  type Work<T> = (call: RevocationCall, signal: AbortSignal) => Promise<T>;
  function call<T>(hop: Hop, clientRequestId: string, work: Work<T>) {
    return async (signal: AbortSignal): Promise<T> => {
      const uri = await service.locate(signal);
      return dropAddressIfGone(service, hop, () =>
        withToken(tokens, signal, (token) => work({ uri, token, clientRequestId, callerInfo }, signal)),
      );
    };
  }

  return {
    async downloadRevocationRequests(signal) {
      const batch = uuid();
      const hop = 'downloadRevocationRequests';
      const download = call(hop, batch, (to, until) => downloadRevocationRequests(to, services, until));
      return { batch, requests: await ask(hop, download, signal) };
    },
    uploadRevocationResults(batch, results, signal) {
      const hop = 'uploadRevocationResults';
      const upload: Work<boolean> = (to, until) => uploadRevocationResults(results, to, { ...services, signal: until });
      return ask(hop, call(hop, batch, upload), signal);
    },
  };
}
