/** Events of this server as syslog: a bounded buffer, sent in batches. */
import { isWithin } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { ServerEvent } from '../core/events.ts';
import { syslogFrame } from './syslog-frame.ts';

/** How an event is logged. */
export type EventLine = { level: 'debug' | 'info' | 'warn' | 'error'; message: string };

/** `least`: the lowest level that is sent. `lineOf`: how an event is logged. `host`: the name of this machine. */
export type SyslogEventsParts = {
  least: EventLine['level'];
  lineOf: (event: ServerEvent) => EventLine;
  send: (octets: Uint8Array) => Promise<void>;
  clock: Clock;
  host: string;
};

/**
 * `flush` sends what is in the buffer; what the other side does not take stays there, and is not tried again for a while, unless
 * `now`. It does not throw.
 */
export type SyslogEvents = { onEvent: (event: ServerEvent) => void; flush: (when?: 'now') => Promise<void> };

/** Events that wait. When there are more, the oldest are lost, and their number is sent. */
const MOST = 10_000;
/** Milliseconds after an error. */
const PAUSE = 15_000;
const ORDER = ['debug', 'info', 'warn', 'error'] as const;

/** Nothing waits for the other side, and the log has every line too. */
export function syslogEvents({ least, lineOf, send, clock, host }: SyslogEventsParts): SyslogEvents {
  let waiting: Buffer[] = [];
  let lost = 0;
  let failedAt = -Infinity;
  let sending: Promise<void> | undefined;
  const frame = (event: ServerEvent, { level, message }: EventLine): Buffer =>
    syslogFrame({
      facility: 'local0',
      severity: level,
      at: clock(),
      host,
      messageId: event.event,
      id: 'event',
      facts: factsOf(event),
      text: message,
    });
  async function sendAll(): Promise<void> {
    const [taken, missing] = [waiting, lost];
    if (taken.length === 0) return;
    waiting = [];
    lost = 0;
    try {
      await send(Buffer.concat(missing > 0 ? [lostFrame(missing), ...taken] : taken));
    } catch {
      failedAt = clock().getTime();
      // The condition of the receiver is seen at the history, which has a place in the store.
      waiting = [...taken, ...waiting];
      lost += missing;
      bound();
    }
  }
  const bound = (): void => {
    if (waiting.length <= MOST) return;
    lost += waiting.length - MOST;
    waiting = waiting.slice(-MOST);
  };
  const lostFrame = (number: number): Buffer =>
    syslogFrame({
      facility: 'local0',
      severity: 'warn',
      at: clock(),
      host,
      messageId: 'events-lost',
      id: 'lost',
      facts: { number },
      text: `${number} events were lost, because they were not taken in time`,
    });
  return {
    onEvent(event) {
      const line = lineOf(event);
      if (ORDER.indexOf(line.level) < ORDER.indexOf(least)) return;
      waiting.push(frame(event, line));
      // Not at each event: a slice copies all of them.
      if (waiting.length > 2 * MOST) bound();
    },
    async flush(when) {
      if (when !== 'now' && isWithin(PAUSE, failedAt, clock().getTime())) return;
      await (sending ??= sendAll().finally(() => (sending = undefined)));
    },
  };
}

/** What is no word and no number is written as JSON; of an error, its message. */
const factsOf = ({ event: _event, ...facts }: ServerEvent): Record<string, string> =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]: [string, unknown]) =>
      value === undefined ? [] : [[name, valueOf(value)]],
    ),
  );

function valueOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
