/** Opens the listeners of a configuration. Their requests go to its apps. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { defined } from '../core/defined.ts';
import type { Clock } from '../core/environment.ts';
import type { Emit } from '../core/events.ts';
import { publicListener } from '../embed/public-listener.ts';
import type { Generation } from './generation.ts';
import { type ListenKey, listenFault, portKey } from './listen-place.ts';
import { type Listeners, type PassedRequests, passRequests } from './listeners.ts';

/** `grace`: milliseconds that running requests get at the end, asked then. `metrics`: the server of Prometheus. */
export type OpeningParts = { emit: Emit; clock: Clock; grace: () => number; metrics?: FastifyInstance | undefined };

/** Listeners that listen. `requests`: those that go to the apps of the first generation. */
export type OpenedListeners = {
  listeners: Listeners;
  requests: PassedRequests;
  urls: string[];
  adminUrl?: string;
  metricsUrl?: string;
};

/** Throws ConfigError when an address cannot be listened on; then none is. */
export async function openListeners(first: Generation, { metrics, ...parts }: OpeningParts): Promise<OpenedListeners> {
  const { admin, server, settings } = first;
  await server.ready();
  const devices = settings.tls.map((tls) => publicListener({ ...parts, tls }));
  const listeners: Listeners = { devices, ...defined({ admin, metrics }) };
  const requests = passRequests(listeners, first);
  try {
    return { listeners, requests, ...(await listenAll(listeners, first)) };
  } catch (error) {
    await closeListeners(listeners);
    throw error;
  }
}

/** Finishes running requests, for as long as the grace allows. */
export const closeListeners = async ({ devices, admin, metrics }: Listeners): Promise<void> =>
  void (await Promise.all([...devices.map((each) => each.close()), admin?.close(), metrics?.close()]));

/** Host and port of each address. */
export const addressesOf = ({ devices, admin, metrics }: Listeners): string[] =>
  [...devices, admin, metrics].flatMap((each) => each?.addresses().map((bound) => textOf(bound as AddressInfo)) ?? []);

const textOf = ({ address, port }: AddressInfo): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;

async function listenAll(
  { devices, admin, metrics }: Listeners,
  { settings, paths }: Generation,
): Promise<Pick<OpenedListeners, 'urls' | 'adminUrl' | 'metricsUrl'>> {
  const { listen: at, admin: adminAt, metrics: metricsAt, publicUrl } = settings.config;
  // The administrator's listener first: when the public one answers, everything is running.
  const adminOrigin = admin && adminAt && (await listen(admin, adminAt, 'admin.port'));
  const metricsOrigin = metrics && metricsAt && (await listen(metrics, metricsAt, 'metrics.port'));
  const origins: string[] = [];
  for (const [index, server] of devices.entries()) {
    const place = at.places[index];
    if (place) origins.push(`${place.tls ? 'https' : 'http'}://${await listen(server, place, portKey(place))}`);
  }
  const bases = publicUrl === undefined ? origins : [publicUrl.replace(/\/$/, '')];
  return {
    urls: bases.flatMap((base) => paths.map((path) => `${base}${path}`)),
    ...defined({
      metricsUrl: metricsOrigin === undefined ? undefined : `http://${metricsOrigin}/metrics`,
      adminUrl: adminOrigin === undefined ? undefined : `${adminAt?.tls ? 'https' : 'http'}://${adminOrigin}`,
    }),
  };
}

/**
 * Connections that the system accepts before this process does. Node.js asks for 511; a crowd that comes at once would have
 * some of them dropped, and they are tried again by the kernel of the client, up to a minute later. Linux lowers it to
 * `net.core.somaxconn`.
 */
const BACKLOG = 4096;

/** Returns host and port as a URL writes them. */
async function listen(
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
  key: ListenKey,
): Promise<string> {
  try {
    // For `localhost` fastify opens a second listener, which `close()` does not wait for.
    await server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, backlog: BACKLOG });
  } catch (cause) {
    throw listenFault({ host, port }, key, cause);
  }
  const bound = (server.server.address() as AddressInfo).port;
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}
