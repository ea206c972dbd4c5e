/** The time of Entra, as its replies say it, so that clocks can be compared. */
import type { HttpsExchange } from './https-exchange.ts';

/** The same exchange. `serverTime` is called with the Date of each reply of Entra (RFC 9110 6.6.1). */
export function reportingTime(exchange: HttpsExchange, serverTime: ((date: Date) => void) | undefined): HttpsExchange {
  if (!serverTime) return exchange;
  return async (call, signal) => {
    const reply = await exchange(call, signal);
    const date = Date.parse(reply.headers['date'] ?? '');
    // A managed identity gets its tokens from this machine.
    if (call.hop === 'token' && !call.direct && !Number.isNaN(date)) serverTime(new Date(date));
    return reply;
  };
}
