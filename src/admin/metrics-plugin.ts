/** `GET /metrics` on the administrator's listener, for a program whose token may scrape. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { reachOf } from '../core/access.ts';
import type { Authorization } from './api-authorization.ts';

/** `login`: who sends a request. `text`: the metrics and their media type. */
export type MetricsPluginOptions = { login: Authorization; text: () => Promise<{ type: string; body: string }> };

/** Registers it. The metrics are of the whole server, so that a token which is limited to some places does not get them. */
export async function metricsPlugin(app: FastifyInstance, { login, text }: MetricsPluginOptions): Promise<void> {
  app.get('/metrics', async (request, reply) => {
    const caller = await login(request);
    if (caller === 'unauthorized') void reply.header('www-authenticate', 'Bearer realm="openndes"');
    if (typeof caller === 'string') return refused(reply, caller);
    if (!reachOf(caller.grants, 'scrape')?.everywhere) return refused(reply, 'forbidden');
    const { type, body } = await text();
    return reply.header('content-type', type).header('cache-control', 'no-store').send(body);
  });
}

const STATUS = { unauthorized: 401, forbidden: 403, too_many_attempts: 429 } as const;
const MESSAGE: Readonly<Record<keyof typeof STATUS, string>> = {
  unauthorized: 'Send a token of the role `metrics` as a bearer token.',
  forbidden: 'The metrics ask for a token of the role `metrics` without limits.',
  too_many_attempts: 'There were too many wrong tokens from this address.',
};

const refused = (reply: FastifyReply, error: keyof typeof STATUS): FastifyReply =>
  reply.code(STATUS[error]).header('cache-control', 'no-store').send({ error, message: MESSAGE[error] });
