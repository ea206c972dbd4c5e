/** Starts the server that a configuration file describes, and reloads the file while it runs. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { storeDeadline, systemClock } from '../embed/system.ts';
import { systemLogger } from '../embed/system-logger.ts';
import { type Generation, type GenerationParts, makeGeneration } from './generation.ts';
import type { KeyRing } from './key-ring.ts';
import { type Listeners, passRequests } from './listeners.ts';
import { type ListenKey, listenFault } from './listen-place.ts';
import { claimStore } from './configured-store.ts';
import { assertTlsVerified } from './process-environment.ts';
import { assertReloadable } from './reloadable.ts';
import { loadSettings } from './settings.ts';
import { newUser, turns, turnsMemory } from '../threads/turns.ts';
import { VERSION } from './version.ts';

/**
 * `adminUrl`: the URL of the administrator's listener, if there is one. `reload` loads the configuration again; it does
 * not reject: the log says what happened. `emit` goes to the log of the newest loading. `close` finishes running requests, then closes connections, store and keys.
 */
export type RunningServer = {
  urls: string[];
  adminUrl?: string;
  emit: Emit;
  reload(): Promise<void>;
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
  const claimed = claimStore(config, { clock, warn, turns: turns(memory, newUser(memory)) });
  const store = await claimed.catch(async (error: unknown) => {
    await settings.close();
    throw error;
  });
  const shared = { store, clock, turns: memory, ...defined({ logLevel, watchEvery, intuneTimes, workers }) };
  let first: Generation | undefined;
  try {
    first = await makeGeneration({ ...shared, settings, warnings, part: true });
    const addresses = await listenBoth(first);
    return { ...addresses, ...running({ file, first, shared }) };
  } catch (error) {
    if (first) await closeServers(first);
    await first?.close();
    await store.close();
    throw error;
  }
}

/** `shared`: what each generation is made with. */
type Started = { file: string; first: Generation; shared: Omit<GenerationParts, 'settings' | 'warnings' | 'part'> };

/** The servers of the first generation listen all the time; the requests go to the apps of the newest one. */
function running({ file, first, shared }: Started): Pick<RunningServer, 'emit' | 'reload' | 'close'> {
  const listeners: Listeners = first;
  const retired: Promise<void>[] = [];
  let current = first;
  let requests = passRequests(listeners, first);
  let last = Promise.resolve();
  let closed: Promise<void> | undefined;
  current.emit({ event: 'server-started', version: VERSION, listeners: addressesOf(listeners) });

  async function reload(): Promise<void> {
    try {
      const next = await nextGeneration(current, { file, shared });
      const [old, { ended }] = [current, requests];
      requests = passRequests(listeners, next);
      current = next;
      // Its jobs end at once: they would work with the old settings. What its requests need closes after them.
      retired.push(Promise.all([old.endJobs(), ended(storeDeadline())]).then(old.close));
      current.emit({ event: 'configuration-reloaded', endpoints: next.paths.length });
    } catch (err) {
      current.emit({ event: 'configuration-not-reloaded', err });
    }
  }

  async function close(): Promise<void> {
    current.emit({ event: 'server-stopping', version: VERSION });
    await last;
    await Promise.all([closeServers(first), closeServers(current)]);
    await Promise.all(retired);
    await current.close();
    await shared.store.close();
    current.emit({ event: 'server-stopped', version: VERSION });
  }

  return {
    emit: (event) => current.emit(event),
    // One after the other, so that the last one to be asked for is the one that stays.
    reload: () => (last = closed ? last : last.then(reload)),
    close: () => (closed ??= close()),
  };
}

/** Everything is made before anything is replaced. Throws ConfigError; then the old generation is as it was. */
async function nextGeneration(
  { settings: { config } }: Generation,
  { file, shared }: Omit<Started, 'first'>,
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

const closeServers = async ({ server, admin }: Generation): Promise<void> =>
  void (await Promise.all([server.close(), admin?.close()]));

/** Host and port of each address. */
const addressesOf = ({ server, admin }: Listeners): string[] =>
  [server, admin].flatMap((each) => each?.addresses().map((bound) => textOf(bound as AddressInfo)) ?? []);

const textOf = ({ address, port }: AddressInfo): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

async function listenBoth({
  server,
  admin,
  settings,
  paths,
}: Generation): Promise<Pick<RunningServer, 'urls' | 'adminUrl'>> {
  const { listen: at, admin: adminAt, publicUrl } = settings.config;
  // The administrator's listener first: when the public one answers, everything is running.
  const adminOrigin = admin && adminAt && (await listen(admin, adminAt, 'admin.port'));
  const origin = await listen(server, at, 'listen.port');
  const url = publicUrl ?? `${at.tls ? 'https' : 'http'}://${origin}`;
  return {
    urls: paths.map((path) => `${url.replace(/\/$/, '')}${path}`),
    ...defined({ adminUrl: adminOrigin === undefined ? undefined : `http://${adminOrigin}` }),
  };
}

/** Returns host and port as a URL writes them. */
async function listen(
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
  key: ListenKey,
): Promise<string> {
  try {
    // For `localhost` fastify opens a second listener, which `close()` does not wait for.
    await server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (cause) {
    throw listenFault({ host, port }, key, cause);
  }
  const bound = (server.server.address() as AddressInfo).port;
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
