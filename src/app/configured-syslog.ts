/** Syslog of a configuration: the history by a job on one server, and the events of each server. */
import { hostname } from 'node:os';
import { getCACertificates } from 'node:tls';
import type { Config } from '../config/schema.ts';
import { SECOND } from '../core/durations.ts';
import type { Clock } from '../core/environment.ts';
import type { Store } from '../core/store.ts';
import { LOG_LINES } from '../embed/log-events.ts';
import { every as repeatedly } from '../embed/system.ts';
import { syslogEvents } from '../messages/syslog-events.ts';
import { sendHistory } from '../messages/syslog-history.ts';
import { sendOverTls } from '../outbound/tls-sent.ts';
import { readPrivateFile } from './files.ts';
import type { ConfiguredMessages } from './message-services.ts';

/** `every`: milliseconds between two runs, if not as usual. */
export type SyslogSettings = { syslog: Config['messages']['syslog']; store: Store; clock: Clock; every?: number };

/** Milliseconds. A receiver that fails has a line in the log for each run. */
const EVERY = 15 * SECOND;

/** Undefined when nothing is configured. Throws ConfigError when the key cannot be read. */
export function configuredSyslog({ syslog, store, clock, every }: SyslogSettings): ConfiguredMessages | undefined {
  if (!syslog) return undefined;
  const { host, port, timeout, certificate, trustCa, key: path } = syslog;
  const key = path === undefined ? undefined : readPrivateFile(path, 'the key for syslog').toString();
  const trust = trustCa === undefined ? undefined : [...getCACertificates('default'), trustCa];
  const send = (octets: Uint8Array) => sendOverTls({ host, port, timeout, trust, certificate, key }, octets);
  const ending = new AbortController();
  const parts = { store, send, host: hostname() };
  const run = (signal: AbortSignal) => sendHistory(parts, AbortSignal.any([signal, ending.signal]));
  const job = { name: 'syslog', every: every ?? EVERY, run, end: () => ending.abort() };
  const none = { jobs: [job], end: () => Promise.resolve(), close: () => Promise.resolve() };
  if (syslog.events === 'none') return none;
  const lineOf = ({ event }: { event: keyof typeof LOG_LINES }) => LOG_LINES[event];
  const { onEvent, flush } = syslogEvents({ least: syslog.events, lineOf, send, clock, host: parts.host });
  const stop = repeatedly(every ?? SECOND, () => void flush());
  return {
    ...none,
    onEvent,
    async end() {
      stop();
      await flush('now');
    },
  };
}
