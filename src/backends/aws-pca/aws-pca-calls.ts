/** Calls of the SDK of AWS Private CA: each within its time, and none while the service does not work. */
import { backendBreaker } from '../backend-breaker.ts';
import { BACKEND_TIMES } from '../backend-client.ts';
import { type AwsPcaClient, awsPcaFault } from './aws-pca-sdk.ts';

/** `changes`: the call changes something. `expects`: the name of an exception that is an answer, and no fault. */
export type AwsPcaCall = { command: object; changes: boolean; expects?: string };

/** Undefined for the exception that was expected. Throws IssuerError, and the signal's reason when the caller aborts. */
export type CallAwsPca = (call: AwsPcaCall, signal: AbortSignal) => Promise<object | undefined>;

/** `limit`: a signal that aborts after so many milliseconds. The SDK repeats by itself, within the time of the call. */
export function awsPcaCalls(client: AwsPcaClient, limit: (ms: number) => AbortSignal): CallAwsPca {
  const unlessBroken = backendBreaker('AWS Private CA', BACKEND_TIMES);
  return ({ command, changes, expects }, signal) =>
    unlessBroken(async () => {
      const within = limit(BACKEND_TIMES.totalMs);
      try {
        return await client.send(command, { abortSignal: AbortSignal.any([signal, within]) });
      } catch (error) {
        if (error instanceof Error && error.name === expects) return undefined;
        throw awsPcaFault(within.aborted && !signal.aborted ? within.reason : error, changes, signal);
      }
    });
}
