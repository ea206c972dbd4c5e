/** Counts what came in each hour until it is written. */
import type { AttemptOutcome, DeviceAttempt } from '../core/attempt-store.ts';
import { HOUR } from '../core/durations.ts';
import type { ServerEvent } from '../core/events.ts';
import type { CountedOutcome, HourCount } from '../core/hour-counts.ts';

/** `take` returns what was counted since the last time; `putBack`: it was not written. */
export type Hourly = {
  add: (event: ServerEvent, attempt: DeviceAttempt) => void;
  take: () => HourCount[];
  putBack: (counts: readonly HourCount[]) => void;
};

/** Counts in memory while nothing can be written: a day of some dozen endpoints. */
const MOST = 5_000;

/** Begins with nothing. */
export function hourly(): Hourly {
  let counts = new Map<string, HourCount>();
  function note({ hour, endpoint, outcome, number }: HourCount): void {
    const key = [hour.getTime(), endpoint, outcome].join('\n');
    const before = counts.get(key);
    if (before) before.number += number;
    else if (counts.size < MOST) counts.set(key, { hour, endpoint, outcome, number });
  }
  return {
    add(event, attempt) {
      const outcome = countedOutcome(attempt);
      if (outcome === undefined) return;
      const at = attempt.at.getTime();
      note({ hour: new Date(at - (at % HOUR)), endpoint: endpointOf(event), outcome, number: attempt.times });
    },
    take() {
      const taken = [...counts.values()];
      counts = new Map();
      return taken;
    },
    putBack: (some) => some.forEach(note),
  };
}

/** Never a path, which the client chooses: each name would be a row of its own. */
const endpointOf = (event: ServerEvent): string => ('endpoint' in event ? (event.endpoint ?? '') : '');

/** What counts as what. A question for a CA certificate, a certificate or a list ends as none of the three. */
const COUNTED: Readonly<Partial<Record<AttemptOutcome, CountedOutcome>>> = {
  issued: 'issued',
  refused: 'refused',
  failed: 'refused',
  pending: 'waiting',
  deferred: 'waiting',
};

/** Undefined for what is not counted: a certificate that is given again, and a poll that goes on waiting, are no new request. */
function countedOutcome({ outcome, messageType }: DeviceAttempt): CountedOutcome | undefined {
  return outcome === 'pending' && messageType === 'CertPoll' ? undefined : COUNTED[outcome];
}
