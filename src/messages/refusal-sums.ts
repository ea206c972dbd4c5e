/** Refused requests, counted by endpoint and cause: one message for many. */
import type { Clock } from '../core/environment.ts';
import { REFUSALS } from '../core/errors.ts';
import type { ServerEvent } from '../core/events.ts';
import type { Message, RefusalCause } from '../core/operator-message.ts';

/** `onEvent` counts, and costs next to nothing. `taken`: one message about what was counted since the last call; undefined when there was nothing. */
export type RefusalSums = { onEvent: (event: ServerEvent) => void; taken: () => Message | undefined };

/** Endpoint and cause in a key of the map. */
const BETWEEN = '\n';

/** Of one server, in memory. */
export function refusalSums(clock: Clock): RefusalSums {
  let counts = new Map<string, number>();
  let since = clock();
  return {
    onEvent(event) {
      if (event.event !== 'scep-request-answered' || event.outcome !== 'refused') return;
      const key = event.endpoint + BETWEEN + (event.code ?? 'unknown');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
    taken() {
      const until = clock();
      const causes = [...counts].map(([key, number]) => causeOf(key, number));
      const period = { since: since.toISOString(), until: until.toISOString() };
      counts = new Map<string, number>();
      since = until;
      if (causes.length === 0) return undefined;
      const number = causes.reduce((sum, each) => sum + each.number, 0);
      return {
        kind: 'refused',
        at: period.until,
        ...period,
        number,
        causes: causes.sort((a, b) => b.number - a.number),
      };
    },
  };
}

function causeOf(key: string, number: number): RefusalCause {
  const [endpoint = '', code = ''] = key.split(BETWEEN);
  const remedy = Object.hasOwn(REFUSALS, code) ? REFUSALS[code as keyof typeof REFUSALS].remedy : 'See the log.';
  return { endpoint, code, number, remedy };
}
