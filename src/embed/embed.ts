/** For embedders: a plugin for an existing fastify app, and a complete server. */
import type { FastifyInstance } from 'fastify';
import { selfTest } from '../cms/self-test.ts';
import { defined } from '../core/defined.ts';
import { type ScepPluginOptions, scepPlugin as plugin } from '../http/plugin.ts';
import { type HttpOptions, httpServer } from '../http/http-server.ts';
import { type EnrollmentOptions, startEnrollment } from './enrollment.ts';
import { systemClock } from './system.ts';

type PluginSettings = Pick<ScepPluginOptions, 'bodyLimit' | 'mostRunning'>;

/**
 * A fastify plugin: `await app.register(scepPlugin, { endpoints, store, logger })`. Create the app with
 * `requireHostHeader: false`, `maxHeaderSize: 131072` and `routerOptions: { caseSensitive: false }`, or old clients
 * get an error before the plugin sees their requests. Closing the app ends the plugin; it does not close the store.
 * Throws ConfigError.
 */
export async function scepPlugin(app: FastifyInstance, options: EnrollmentOptions & PluginSettings): Promise<void> {
  await selfTest();
  const enrolment = startEnrollment(options);
  app.addHook('onClose', () => enrolment.close());
  const { clock = systemClock, bodyLimit, mostRunning } = options;
  await plugin(app, {
    services: enrolment.services,
    emit: enrolment.emit,
    clock,
    ...defined({ bodyLimit, mostRunning }),
  });
}

/** The endpoints and what they share, and the settings of HTTP. */
/** Options of `createServer`. */
export type ServerOptions = EnrollmentOptions & Omit<HttpOptions, 'services' | 'clock' | 'emit'>;

/**
 * A server with every setting that old clients need, not yet listening: `await server.listen({ host: '0.0.0.0', port: 8080 })`.
 * Give a host: for `localhost`, its default, fastify opens a second listener that `close()` does not wait for.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  await selfTest();
  const { endpoints: _endpoints, store, notificationInterval: _interval, random: _random, ...rest } = options;
  const { logger: _logger, onEvent: _onEvent, ...http } = rest;
  const enrolment = startEnrollment(options);
  const probes = [{ name: 'store', check: () => store.check() }, ...(http.probes ?? [])];
  try {
    const { services, emit } = enrolment;
    const server = await httpServer({ ...http, clock: http.clock ?? systemClock, probes, services, emit });
    server.addHook('onClose', () => enrolment.close());
    return server;
  } catch (error) {
    await enrolment.close();
    throw error;
  }
}
