/** One call of Microsoft Graph: token, headers, and what an error about it reports. */
import type { Clock } from '../core/environment.ts';
import type { HttpFault } from './http-faults.ts';
import type { HttpsExchange } from './https-exchange.ts';
import { type TokenSource, withToken } from './kept-tokens.ts';
import type { IntuneHop } from './unreachable.ts';

/** What a call is made with. `tokens`: for Graph. `uuid`: a random GUID for each call, sent as `client-request-id`. */
export type GraphServices = { tokens: TokenSource; exchange: HttpsExchange; clock: Clock; uuid: () => string };

/** What is asked. `hop` names the call in errors; `method`: GET when absent; `limit`: octets of the reply, one MiB when absent. */
export type GraphQuery = {
  hop: IntuneHop;
  url: string;
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: object;
  prefer?: string;
  limit?: number;
};

/** Octets: what Graph tells of one application is a hundredth of it. */
const LIMIT = 1_048_576;

/**
 * Asks, and gives the reply of any status to `read`, as a fault describes it. Throws what `read` throws (once more with a
 * new token after HTTP 401 or 403), IntuneUnreachable without a reply, and the signal's reason on abort.
 */
export function askGraph<T>(
  { hop, url, method = 'GET', body, prefer, limit = LIMIT }: GraphQuery,
  { tokens, exchange, clock, uuid }: GraphServices,
  signal: AbortSignal,
  read: (fault: HttpFault) => T,
): Promise<T> {
  const clientRequestId = uuid();
  return withToken(tokens, signal, async (token) => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'client-request-id': clientRequestId,
      ...(prefer !== undefined && { prefer }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const reply = await exchange(
      { hop, method, url, headers, limit, clientRequestId, ...(body && { body: JSON.stringify(body) }) },
      signal,
    );
    return read({ hop, reply, clock, sent: [token], clientRequestId });
  });
}
