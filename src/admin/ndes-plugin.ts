/** NDES's administrator page over HTTP, as an encapsulated fastify plugin for the administrator's or the public listener. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from '../core/address.ts';
import type { Emit } from '../core/events.ts';
import { NDES_PATH } from '../core/ndes-path.ts';
import type { ChallengeBinding } from '../core/records.ts';
import { BindingError } from '../manage/challenge-binding.ts';
import type { ChallengeIssuer } from '../manage/one-time-passwords.ts';
import { bindingInForm } from './asked-binding.ts';
import type { Authenticate, Login } from '../access/basic-authentication.ts';
import { isCrossSite } from './cross-site.ts';
import {
  bindingPage,
  type Charset,
  crossSitePage,
  encodePage,
  failurePage,
  passwordPage,
  refusalPage,
} from './ndes-page.ts';

/** One page: the path of its endpoint, who issues its passwords, and the issuing CA (DER), whose thumbprint it shows. */
export type AdminPage = { path: string; issuer: ChallengeIssuer; caCertificate: Uint8Array };

/** The pages of one listener. */
export type NdesPagesOptions = { pages: readonly AdminPage[]; authenticate: Authenticate; emit: Emit };

const NDES_ADMIN_PATH = '/certsrv/mscep_admin';
/** In the query: the form for a bound password. */
const FORM = /(^|&)bind(=|&|$)/i;
const RETRY_AFTER_SECONDS = '60';

/** The path of an endpoint's page, without the slash at its end. */
export function adminPath(endpointPath: string): string {
  const path = endpointPath.replace(/\/$/, '');
  return path.toLowerCase() === NDES_PATH ? NDES_ADMIN_PATH : `${path}/mscep_admin`;
}

/** Serves every page at its path. GET and POST issue a password (HP iLO posts); HEAD, which has no body, issues none. */
export async function ndesPages(app: FastifyInstance, { pages, authenticate, emit }: NdesPagesOptions): Promise<void> {
  // Clients send any Content-Type and any body; only the fields of the form are read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: 16 * 1024 },
    async (_request: FastifyRequest, body: Buffer) => body,
  );
  app.addHook('onRequest', async (request) => {
    request.raw.headers['content-type'] = 'application/octet-stream';
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof BindingError) return send(reply.code(400), bindingPage(error.message), request);
    const refused = error.statusCode !== undefined && error.statusCode < 500;
    if (!refused) emit({ event: 'administrator-page-failed', err: error });
    return send(reply.code(refused ? 400 : 503), failurePage(), request);
  });

  for (const page of pages) {
    const path = adminPath(page.path);
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const [requested = '', query] = request.url.split('?', 2);
      if (!requested.endsWith('/')) return reply.redirect(`${path}/${query === undefined ? '' : `?${query}`}`, 301);
      // Before the login, so that another site can neither make a password nor count a wrong one.
      if (isCrossSite(request)) return send(reply.code(403), crossSitePage(), request);
      const login = await authenticate(request.headers.authorization, clientAddress(request));
      if (login.kind !== 'known') return refuse(login.kind, request, reply);
      if (request.method === 'GET' && FORM.test(query ?? '')) return send(reply, bindingPage(), request);
      const known = { user: login.user, ip: clientAddress(request), emit };
      return send(reply, await pageWithPassword(page, known, bindingInForm(request)), request);
    };
    app.route({ method: ['GET', 'POST'], url: path, exposeHeadRoute: false, handler });
  }
}

type KnownUser = { user: string; ip: string; emit: Emit };

async function pageWithPassword(
  { issuer, caCertificate }: AdminPage,
  { user, ip, emit }: KnownUser,
  binding: ChallengeBinding | undefined,
): Promise<string> {
  const challenge = await issuer.issue({ actor: { kind: 'person', name: user, address: ip }, source: 'page' }, binding);
  const outcome = challenge === 'full' ? 'full' : 'issued';
  emit({ event: 'challenge-requested', endpoint: issuer.endpoint, user, ip, outcome });
  return passwordPage({ caCertificate, challenge });
}

/** A full cache is answered with 200, as NDES does: its clients read no other answer. */
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

/** UTF-8 only when the request names it. */
const charsetFor = ({ url, headers }: FastifyRequest): Charset => {
  const inQuery = /[?&]charset=([\w-]*)/i.exec(url)?.[1];
  return [headers['accept-charset'], inQuery].flat().some((asked) => /\butf-?8\b/i.test(asked ?? ''))
    ? 'utf-8'
    : 'utf-16le';
};
