/** NDES's administrator page over HTTP, as an encapsulated fastify plugin for the listener that it belongs on. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Emit } from '../core/events.ts';
import type { Authenticate, Login } from './basic-authentication.ts';
import type { ChallengeIssuer } from './challenge-issuer.ts';
import { type Charset, encodePage, failurePage, passwordPage, refusalPage } from './ndes-page.ts';

/** One page: the path of its endpoint, who issues its passwords, and the issuing CA (DER), whose thumbprint it shows. */
export type AdminPage = { path: string; issuer: ChallengeIssuer; caCertificate: Uint8Array };

export type NdesPagesOptions = { pages: readonly AdminPage[]; authenticate: Authenticate; emit: Emit };

const NDES_PATH = '/certsrv/mscep/mscep.dll';
const NDES_ADMIN_PATH = '/certsrv/mscep_admin';
const RETRY_AFTER_SECONDS = '60';

/** Where the page of an endpoint is, without the slash at its end. */
export function adminPath(endpointPath: string): string {
  const path = endpointPath.replace(/\/$/, '');
  return path.toLowerCase() === NDES_PATH ? NDES_ADMIN_PATH : `${path}/mscep_admin`;
}

/** Serves every page at its path. GET and POST give a password (HP iLO posts); HEAD, which nobody reads, gives none. */
export async function ndesPages(app: FastifyInstance, { pages, authenticate, emit }: NdesPagesOptions): Promise<void> {
  // What is posted has no meaning, and clients name any type for it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 16 * 1024 }, async () => undefined);
  app.addHook('onRequest', async (request) => {
    request.raw.headers['content-type'] = 'application/octet-stream';
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refused = error.statusCode !== undefined && error.statusCode < 500;
    if (!refused) emit({ event: 'administrator-page-failed', err: error });
    return send(reply.code(refused ? 400 : 503), failurePage(), request);
  });

  for (const page of pages) {
    const path = adminPath(page.path);
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const [requested = '', query] = request.url.split('?', 2);
      if (!requested.endsWith('/')) return reply.redirect(`${path}/${query === undefined ? '' : `?${query}`}`, 301);
      const login = await authenticate(request.headers.authorization, request.ip);
      return login.kind === 'known'
        ? givePassword(page, login.user, request, reply, emit)
        : refuse(login.kind, request, reply);
    };
    app.route({ method: ['GET', 'POST'], url: path, exposeHeadRoute: false, handler });
  }
}

async function givePassword(
  { issuer, caCertificate }: AdminPage,
  user: string,
  request: FastifyRequest,
  reply: FastifyReply,
  emit: Emit,
): Promise<FastifyReply> {
  const challenge = await issuer.issue();
  const outcome = challenge === 'full' ? 'full' : 'issued';
  emit({ event: 'challenge-requested', endpoint: issuer.endpoint, user, ip: request.ip, outcome });
  return send(reply, passwordPage({ caCertificate, challenge }), request);
}

/** NDES answers "cache is full" with 200, and so must we: its clients look into no other answer. */
const STATUS = { anonymous: 401, wrong: 401, busy: 429 } as const;

function refuse(kind: Exclude<Login['kind'], 'known'>, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  void reply.code(STATUS[kind]);
  if (kind === 'busy') void reply.header('retry-after', RETRY_AFTER_SECONDS);
  else void reply.header('www-authenticate', 'Basic realm="Network Device Enrollment Service"');
  return send(reply, refusalPage(), request);
}

function send(reply: FastifyReply, html: string, request: FastifyRequest): FastifyReply {
  const { contentType, body } = encodePage(html, charsetFor(request));
  return reply
    .header('content-type', contentType)
    .header('cache-control', 'no-store')
    .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .header('x-content-type-options', 'nosniff')
    .send(body);
}

/** UTF-8 only for who asks for it by name. */
const charsetFor = ({ url, headers }: FastifyRequest): Charset => {
  const inQuery = /[?&]charset=([\w-]*)/i.exec(url)?.[1];
  return [headers['accept-charset'], inQuery].flat().some((asked) => /\butf-?8\b/i.test(asked ?? ''))
    ? 'utf-8'
    : 'utf-16le';
};
