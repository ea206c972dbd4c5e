/** Login at a provider: the way there and back. What failed is said as plain text, in which nothing of the provider is markup. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Access } from '../access/access-checks.ts';
import { CALLBACK } from '../access/oidc-login.ts';
import type { LoginFault } from '../access/oidc-faults.ts';
import { factsOf } from './request-facts.ts';

/** Where the login begins. */
export const OIDC_LOGIN = '/admin/login/oidc';

/** Registers both routes. After the login the browser is at `/admin/`, whatever the request asked for. */
export async function oidcRoutes(app: FastifyInstance, { access }: { access: Pick<Access, 'oidc'> }): Promise<void> {
  const { oidc } = access;
  if (!oidc) return;
  app.addHook('onRequest', async (_request, reply) => void reply.headers(HEADERS));
  app.get(OIDC_LOGIN, async (request, reply) => {
    const begun = await oidc.begin(factsOf(request));
    if ('fault' in begun) return tell(reply, begun.fault);
    return reply.header('set-cookie', begun.cookie).redirect(begun.url, 303);
  });
  app.get(CALLBACK, async (request, reply) => {
    const [, query = ''] = request.url.split('?', 2);
    const finished = await oidc.finish(query, factsOf(request));
    void reply.header('set-cookie', finished.cookies);
    return finished.fault ? tell(reply, finished.fault) : reply.redirect('/admin/', 303);
  });
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const tell = (reply: FastifyReply, { what, remedy }: LoginFault): FastifyReply =>
  reply
    .code(403)
    .header('content-type', 'text/plain; charset=utf-8')
    .send(`The login failed: ${what}.\n\n${remedy}\n\nThe login page: /admin/login\n`);
