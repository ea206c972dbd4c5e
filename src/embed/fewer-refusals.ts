/** Keeps unauthenticated clients from filling the log: of many requests that are refused alike, ten in a minute have a line. */
import { MINUTE } from '../core/durations.ts';
import type { HttpErrorCode } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';

/** Lines of one address and code within a minute. */
const MOST_LINES = 10;
/** Addresses and codes that are told apart within a minute; those of the others are counted together. */
const MOST_KINDS = 1_000;

/** What came of one address with one code since the minute began. */
type Count = { ip: string; code: HttpErrorCode; number: number };

/** The same log with fewer lines. After a minute one line for each address and code says how many there were not. */
export function fewerRefusals(log: Emit): Emit {
  const counts = new Map<string, Count>();
  const summarize = (): void => {
    const all = [...counts.values()];
    counts.clear();
    for (const { ip, code, number } of all)
      if (number > MOST_LINES) log({ event: 'scep-requests-unlogged', ip, code, number: number - MOST_LINES });
  };
  return (event) => {
    if (event.event !== 'scep-request-refused' && event.event !== 'scep-request-deferred') return log(event);
    if (counts.size === 0) setTimeout(summarize, MINUTE).unref();
    const { code } = event;
    const isKnown = counts.has(`${code} ${event.ip}`) || counts.size < MOST_KINDS;
    const ip = isKnown ? event.ip : 'others';
    const key = `${code} ${ip}`;
    const count = counts.get(key) ?? { ip, code, number: 0 };
    counts.set(key, count);
    if (++count.number <= MOST_LINES) log(event);
  };
}
