/** Starts the server that a configuration file describes, and reloads the file while it runs. */
import { randomUUID } from 'node:crypto';
import type { Desk } from '../actions/action.ts';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { pause, storeDeadline, systemClock } from '../embed/system.ts';
import { systemLogger } from '../embed/system-logger.ts';
import { type Generation, type GenerationParts, makeGeneration } from './generation.ts';
import type { KeyRing } from './key-ring.ts';
import { passRequests } from './listeners.ts';
import { addressesOf, closeListeners, type OpenedListeners, openListeners } from './opened-listeners.ts';
import { claimStore } from './configured-store.ts';
import { assertTlsVerified } from './process-environment.ts';
import { assertReloadable } from './reloadable.ts';
import { loadSettings } from './settings.ts';
import { newMetrics } from '../metrics/metrics.ts';
import { metricsServer } from '../metrics/metrics-server.ts';
import { newUser, turns, turnsMemory } from '../threads/turns.ts';
import { VERSION } from './version.ts';

/**
 * `adminUrl`: the URL of the administrator's listener, if there is one; `metricsUrl`: that of the metrics. `desk`: what actions of operators work on, of the newest
 * loading. `reload` loads the configuration again; it does
 * not reject: the log says what happened. `emit` goes to the log of the newest loading. `drain` makes `/readyz` 503 and resolves
 * after `listen.drain`; until then new requests are answered. `close` accepts no further one, finishes the running ones within
 * `listen.grace`, then closes connections, store and keys.
 */
export type RunningServer = {
  urls: string[];
  adminUrl?: string;
  metricsUrl?: string;
  emit: Emit;
  desk(): Desk;
  reload(): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
};

/**
 * `logLevel` replaces that of the file. `keys` opens the keys at the start; a new ring when absent. `clock`: that of the
 * system when absent. `workers`, `watchEvery` and `intuneTimes`: as in `GenerationParts`.
 */
export type StartOptions = Pick<GenerationParts, 'logLevel' | 'watchEvery' | 'intuneTimes' | 'workers'> & {
  keys?: KeyRing;
  clock?: Clock;
};

/** Loads, starts and listens, as long as one endpoint can be served. Throws ConfigError, and the errors of `listen`. */
export async function startServer(
  file: string,
  { keys, clock = systemClock, logLevel, watchEvery, intuneTimes, workers }: StartOptions = {},
): Promise<RunningServer> {
  assertTlsVerified();
  const { settings, warnings } = await loadSettings(file, { keys, part: true });
  const { config } = settings;
  const logger = systemLogger(logLevel ?? config.log.level);
  const memory = turnsMemory();
  const warn = (message: string): void => logger.warn({}, message);
  const server = randomUUID();
  const claimed = claimStore({ file, server, config, clock, warn, turns: turns(memory, newUser(memory)) });
  const { store, assertHeld } = await claimed.catch(async (error: unknown) => {
    await settings.close();
    throw error;
  });
  const stop = new AbortController();
  const metrics = newMetrics();
  const given = defined({ logLevel, watchEvery, intuneTimes, workers });
  const own = { turns: memory, metrics, onEvent: metrics.onEvent, ...given };
  const shared = { file, server, store, assertHeld, clock, stopping: stop.signal, ...own };
  let first: Generation | undefined;
  try {
    first = await makeGeneration({ ...shared, settings, warnings, part: true });
    const newest = { generation: first };
    const emit: Emit = (event) => newest.generation.emit(event);
    const grace = (): number => newest.generation.settings.config.listen.grace;
    const prometheus = config.metrics && metricsServer(() => metrics.text(newest.generation.metricProbes));
    const opened = await openListeners(first, { emit, clock, grace, metrics: prometheus });
    const { urls, adminUrl, metricsUrl } = opened;
    const desk = (): Desk => newest.generation.desk;
    return {
      urls,
      ...defined({ adminUrl, metricsUrl }),
      emit,
      desk,
      ...running({ file, newest, opened, shared, stop }),
    };
  } catch (error) {
    await first?.close();
    await store.close();
    throw error;
  }
}

/** `newest`: the generation that answers requests. `shared`: what each generation is made with. */
type Started = {
  file: string;
  newest: { generation: Generation };
  opened: OpenedListeners;
  shared: Omit<GenerationParts, 'settings' | 'warnings' | 'part'>;
  stop: AbortController;
};

/** The listeners stay; their requests go to the apps of the newest generation. */
function running({ file, newest, opened, shared, stop }: Started): Pick<RunningServer, 'reload' | 'drain' | 'close'> {
  const { listeners } = opened;
  const emit: Emit = (event) => newest.generation.emit(event);
  const retired: Promise<void>[] = [];
  let { requests } = opened;
  let last = Promise.resolve();
  let closed: Promise<void> | undefined;
  emit({ event: 'server-started', version: VERSION, listeners: addressesOf(listeners) });

  async function reload(): Promise<void> {
    try {
      const old = newest.generation;
      const next = await nextGeneration(old, { file, shared });
      const { ended } = requests;
      requests = passRequests(listeners, next);
      newest.generation = next;
      // Its jobs end at once: they would work with the old settings. What its requests need closes after them.
      retired.push(Promise.all([old.endJobs(), ended(storeDeadline())]).then(old.close));
      emit({ event: 'configuration-reloaded', endpoints: next.paths.length });
    } catch (err) {
      emit({ event: 'configuration-not-reloaded', err });
    }
  }

  function announceStop(drain: number): void {
    if (stop.signal.aborted) return;
    stop.abort();
    emit({ event: 'server-stopping', version: VERSION, drain });
  }

  async function close(): Promise<void> {
    announceStop(0);
    await last;
    await closeListeners(listeners);
    const { server, admin, close: closeNewest } = newest.generation;
    await Promise.all([server.close(), admin?.close(), ...retired]);
    await closeNewest();
    await shared.store.close();
    emit({ event: 'server-stopped', version: VERSION });
  }

  return {
    // One after the other, so that the last one to be asked for is the one that stays.
    reload: () => (last = closed ? last : last.then(reload)),
    drain() {
      const { drain } = newest.generation.settings.config.listen;
      announceStop(drain);
      return pause(drain);
    },
    close: () => (closed ??= close()),
  };
}

/** Everything is made before anything is replaced. Throws ConfigError; then the old generation is as it was. */
async function nextGeneration(
  { settings: { config } }: Generation,
  { file, shared }: Pick<Started, 'file' | 'shared'>,
): Promise<Generation> {
  const { settings, warnings } = await loadSettings(file);
  try {
    assertReloadable(config, settings.config);
  } catch (error) {
    await settings.close();
    throw error;
  }
  const next = await makeGeneration({ ...shared, settings, warnings });
  try {
    await next.server.ready();
    await next.admin?.ready();
    return next;
  } catch (error) {
    await next.close();
    throw error;
  }
}
