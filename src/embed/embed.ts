/** For embedders: a plugin for an existing fastify app, and a complete server. */
import { getFips } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { approvedAlgorithms, selfTest } from '../cms/self-test.ts';
import { within } from '../core/ask.ts';
import { defined } from '../core/defined.ts';
import type { EndpointLoad } from '../enroll/gate.ts';
import { httpServer } from '../http/http-server.ts';
import type { FetchKey } from '../http/key-link-route.ts';
import { ocspPlugin } from '../http/ocsp-route.ts';
import { scepPlugin as httpPlugin } from '../http/plugin.ts';
import { boundRoutes } from '../http/unanswered.ts';
import type { OcspResponder } from '../ocsp/ocsp-responder.ts';
import type { RevocationList } from '../revocation/revocation-list.ts';
import { type EnrollmentOptions, type Operate, startEnrollment } from './enrollment.ts';
import { assertNoPrefix, assertOptions } from './assert-options.ts';
import { probeDeadline, systemClock, systemDeadline } from './system.ts';

/** How much one server or plugin takes on at the same time. */
export type RequestLimits = {
  /** Octets of a POST body, 256 KiB by default, 2 MiB at most; a larger body gets 413. */
  bodyLimit?: number;
};

/** What is served beside SCEP. */
export type OcspServing = {
  /** OCSP responders by name, served at `/ocsp/<name>`. */
  ocsp?: ReadonlyMap<string, OcspResponder>;
};

/** In FIPS mode OpenSSL has approved algorithms alone. */
const usable = (endpoints: EnrollmentOptions['endpoints']): Parameters<typeof selfTest>[0] =>
  getFips() === 1 ? approvedAlgorithms(endpoints.some(({ pkcs1KeyTransport }) => pkcs1KeyTransport !== 'refuse')) : {};

/** What `scepPlugin` takes. */
export type PluginOptions = EnrollmentOptions & RequestLimits & OcspServing;

/**
 * A fastify plugin: `await app.register(scepPlugin, { endpoints, store, logger })`. Create the app with
 * `requireHostHeader: false`, `maxHeaderSize: 131072` and `routerOptions: { caseSensitive: false }`, or fastify rejects
 * requests of old clients before the plugin gets them, and with `requestTimeout: 30_000`, because by default it waits for
 * a request for ever (`configuration-warning`). Closing the app stops the plugin; the store stays open.
 * Throws ConfigError when the options do not fit together, TypeError when one is missing or there is a prefix.
 */
export async function scepPlugin(app: FastifyInstance, options: PluginOptions): Promise<void> {
  assertNoPrefix(app.prefix);
  assertOptions(options);
  await selfTest(usable(options.endpoints));
  const enrollment = startEnrollment(options);
  app.addHook('onClose', () => enrollment.close());
  boundRoutes(app);
  if (app.server.requestTimeout === 0)
    enrollment.emit({
      event: 'configuration-warning',
      warning:
        'the fastify app has no requestTimeout: a request can take for ever to come; give it `requestTimeout: 30_000`',
    });
  const { clock = systemClock, bodyLimit, ocsp } = options;
  if (ocsp) await app.register(ocspPlugin, { responders: ocsp, emit: enrollment.emit, clock });
  await httpPlugin(app, {
    services: enrollment.services,
    emit: enrollment.emit,
    clock,
    ...defined({ bodyLimit }),
  });
}

/** A dependency that must work for the server to be ready. `check` throws when it does not. */
export type ReadinessProbe = { name: string; check: () => Promise<void> };

/** What `createServer` takes. */
export type ServerOptions = PluginOptions & {
  /** Addresses or networks of reverse proxies whose X-Forwarded-For is believed. */
  trustProxy?: readonly string[];
  /** PEM, for a server that terminates TLS itself. */
  tls?: { certificate: string; key: string };
  /** Beside that of the store. `/readyz` answers 503 while one of them throws. */
  probes?: readonly ReadinessProbe[];
  /** Revocation lists by name, served at `/crl/<name>.crl`. */
  crls?: ReadonlyMap<string, RevocationList>;
  /** CA certificates, DER, by name, served at `/aia/<name>.cer`. */
  aia?: ReadonlyMap<string, Uint8Array>;
  /** Milliseconds that running requests get when the server closes; then their sockets are closed. 10 seconds by default. */
  grace?: number;
  /**
   * From its abort on `/readyz` answers 503 and each connection ends after its next answer: abort it some seconds before
   * `close()`, so that a load balancer sends its requests elsewhere.
   */
  stopping?: AbortSignal;
};

/** A server, and how to end its background work alone, for one whose requests another server takes over. */
export type AssembledServer = { server: FastifyInstance; retire: () => Promise<void> };

/**
 * A server with every setting that old clients need, not yet listening: `await server.listen({ host: '0.0.0.0', port: 8080 })`.
 * Name a host: for `localhost`, its default, fastify opens a second listener that `close()` does not wait for.
 * Throws ConfigError when the options do not fit together, TypeError when one is missing.
 */
export const createServer = async (options: ServerOptions): Promise<FastifyInstance> =>
  (await assembleServer(options)).server;

/** As `createServer`; `operate` as in `startEnrollment`. `fetchKey`: what gives out files with keys of people. */
export async function assembleServer(
  options: ServerOptions & { fetchKey?: FetchKey | undefined },
  operate?: Operate,
): Promise<AssembledServer> {
  assertOptions(options);
  await selfTest(usable(options.endpoints));
  const { endpoints: _endpoints, store, notificationInterval: _interval, random: _random, ...rest } = options;
  const {
    logger: _logger,
    onEvent: _onEvent,
    mostRunning: _most,
    answerWithin: _within,
    parallelism: _cores,
    toldCas: _cas,
    ...http
  } = rest;
  const enrollment = startEnrollment(options, operate);
  let retired: Promise<void> | undefined;
  const retire = (): Promise<void> => (retired ??= enrollment.close());
  const probes = [{ name: 'store', check: () => store.check() }, ...(http.probes ?? [])].map(inTime);
  const crls = new Map(
    [...(http.crls ?? [])].map(([name, crl]) => {
      const inTime = () => within(crl, systemDeadline());
      return [name, crl.markOf ? Object.assign(inTime, { markOf: crl.markOf }) : inTime] as const;
    }),
  );
  try {
    const { services, emit } = enrollment;
    const server = await httpServer({ ...http, clock: http.clock ?? systemClock, probes, crls, services, emit });
    server.addHook('onClose', retire);
    LOADS.set(server, () => services.map(({ load }) => load()));
    return { server, retire };
  } catch (error) {
    await retire();
    throw error;
  }
}

const LOADS = new WeakMap<FastifyInstance, () => EndpointLoad[]>();

/** How busy each endpoint of a server of `createServer` is; empty for another. */
export const loadOf = (server: FastifyInstance): EndpointLoad[] => LOADS.get(server)?.() ?? [];

/** A probe that hangs has failed: the load balancer waits for the answer. */
const inTime = ({ name, check }: ReadinessProbe): ReadinessProbe => ({
  name,
  check: () => within(check, probeDeadline()),
});
