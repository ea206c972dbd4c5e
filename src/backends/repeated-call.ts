/** One call of a CA with all its attempts, within its time. */
import type { Clock } from '../core/environment.ts';
import type { BackendCall, BackendReply } from './backend-call.ts';
import type { AttemptFault } from './checked-reply.ts';

/** How a call is repeated. `attemptOnce` has so many milliseconds. The pause doubles; where the CA says how long, that counts. */
export type CallRepeat = {
  attemptOnce: (call: BackendCall, ms: number, signal: AbortSignal) => Promise<BackendReply | AttemptFault>;
  times: { totalMs: number; retries: number; pauseMs: number };
  clock: Clock;
  pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/** The call, again while that can help and its time lasts. Throws IssuerError, and the signal's reason when the caller aborts. */
export async function repeatedCall(call: BackendCall, signal: AbortSignal, repeat: CallRepeat): Promise<BackendReply> {
  const { attemptOnce, times, clock, pause } = repeat;
  const deadline = clock().getTime() + times.totalMs;
  const left = (): number => deadline - clock().getTime();
  for (let number = 0; ; number++) {
    const answer = await attemptOnce(call, Math.max(1, left()), signal);
    if (!('error' in answer)) return answer;
    const pauseMs = Math.max(answer.pauseMs ?? 0, times.pauseMs * 2 ** number);
    if (!answer.again || number >= times.retries || pauseMs >= left()) throw answer.error;
    await pause(pauseMs, signal).catch(() => signal.throwIfAborted());
  }
}
