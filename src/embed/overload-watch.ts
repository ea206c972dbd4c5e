/** Says in the log that requests are refused for overload: at once, then once a minute, and when it is over. */
import { MINUTE } from '../core/durations.ts';
import type { Emit } from '../core/events.ts';
import type { EndpointLoad } from '../enroll/gate.ts';

/** To be called for each request that is refused. `load` is asked when there is something to say. */
export type RefusalCounter = (load: () => EndpointLoad) => void;

/** The counter of one endpoint. The first minute without a refusal ends the overload, whether requests come or not. */
export function overloadWatch(emit: Emit): RefusalCounter {
  let refused = 0;
  let minute: NodeJS.Timeout | undefined;
  const report = (load: () => EndpointLoad): void => {
    const { endpoint, running, queued, answerMs } = load();
    emit({ event: 'overloaded', endpoint, refused, running, queued, answerMs });
    refused = 0;
  };
  const nextMinute = (load: () => EndpointLoad): void => {
    if (refused > 0) return report(load);
    clearInterval(minute);
    minute = undefined;
    emit({ event: 'overload-over', endpoint: load().endpoint });
  };
  return (load) => {
    refused++;
    if (minute) return;
    minute = setInterval(() => nextMinute(load), MINUTE).unref();
    report(load);
  };
}
