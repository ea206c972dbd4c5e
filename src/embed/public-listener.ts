/** A server that listens for the apps of configurations, which take over its requests one after the other. */
import type { FastifyInstance } from 'fastify';
import { type ListenerOptions, scepListener } from '../http/scep-listener.ts';

/** Without routes, not yet listening. `close()` finishes running requests, for `grace` milliseconds at most. */
export const publicListener = (options: ListenerOptions): FastifyInstance => scepListener(options);
