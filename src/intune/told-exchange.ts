/** Tells how each HTTP call of a client ended. */
import type { Clock } from '../core/environment.ts';
import type { CallResult, IntuneCallFacts } from '../core/events.ts';
import type { HttpsExchange } from './https-exchange.ts';

/** What is told of one call. */
export type CallMade = Omit<IntuneCallFacts, 'tenant'>;

/** The same exchange. `told` is called once for each call, after its answer or its end. */
export function toldExchange(exchange: HttpsExchange, told: (call: CallMade) => void, clock: Clock): HttpsExchange {
  return async (call, signal) => {
    const began = clock().getTime();
    const tell = (result: CallResult, status?: number): void =>
      told({
        call: call.hop,
        result,
        ...(status !== undefined && { status }),
        ...(call.clientRequestId !== undefined && { clientRequestId: call.clientRequestId }),
        ms: clock().getTime() - began,
      });
    try {
      const reply = await exchange(call, signal);
      tell(resultOf(reply.status), reply.status);
      return reply;
    } catch (error) {
      tell('unreachable');
      throw error;
    }
  };
}

function resultOf(status: number): CallResult {
  if (status === 429) return 'throttled';
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'answered';
}
