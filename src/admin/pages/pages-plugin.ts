/** The pages over HTTP, as an encapsulated fastify plugin for the administrator's listener. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Desk } from '../../actions/action.ts';
import type { Emit } from '../../core/events.ts';
import { isCrossSite } from '../cross-site.ts';
import { factsOf } from '../request-facts.ts';
import { faultPage } from './error-page.ts';
import { fieldsIn } from './form-fields.ts';
import { link } from './html.ts';
import { document, type Frame, type SignedIn } from './layout.ts';
import { type Door, type LoginProvider, loginRoutes } from './login-routes.ts';
import { answerForm, answerPage } from './page-answer.ts';
import { assetsFrom, type AssetTexts } from './page-assets.ts';
import { ASSET_HEADERS, PAGE_HEADERS_OF_ADMIN } from './page-headers.ts';
import { FORMS, PAGES } from './page-table.ts';
import type { Attachment, Page, PageForm, Visit } from './page-row.ts';
import type { Gone, Shown } from './shown.ts';

/** What the pages work on. `providers`: other ways to sign in than a password. The tables are those of page-table.ts when absent. */
export type PagesOptions = {
  desk: Desk;
  access: Door;
  providers?: readonly LoginProvider[];
  assets: AssetTexts;
  emit: Emit;
  pages?: readonly Page[];
  forms?: readonly PageForm[];
};

/** Octets of a form; a file that is uploaded is a request or a captured message. */
const BODY_LIMIT = 512 * 1024;

/** Registers the pages, their forms and their files. */
export async function adminPages(app: FastifyInstance, options: PagesOptions): Promise<void> {
  const { desk, access, providers = [], assets: texts, emit, pages = PAGES, forms = FORMS } = options;
  const sessionOf = (request: FastifyRequest) => access.sessionOf(factsOf(request));
  const frame: Frame = { assets: assetsFrom(texts), pages: pages.filter((each) => each.isOffered?.(desk) ?? true) };

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, async (_: unknown, body: Buffer) => body);
  app.addHook('onRequest', async (_request, reply) => void reply.headers(PAGE_HEADERS_OF_ADMIN));
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const unreadable = error.statusCode !== undefined && error.statusCode < 500;
    if (!unreadable) emit({ event: 'administrator-page-failed', err: error });
    return send(reply, frame, { answer: faultPage(unreadable ? 'unreadable' : 'failed') });
  });
  for (const { url, type, body } of frame.assets.values())
    app.get(url, (_request, reply) => reply.headers(ASSET_HEADERS).type(type).send(body));

  const show = (reply: FastifyReply, answer: Shown) => send(reply, frame, { answer });
  loginRoutes(app, { access, providers, show, fieldsOf });

  const visitOf = ({ url }: FastifyRequest, { caller, formToken }: SignedIn): Visit => {
    const query = new URLSearchParams(url.split('?')[1] ?? '');
    return { desk, caller, formToken, query, now: desk.clock() };
  };

  for (const page of pages)
    app.get(page.path, { exposeHeadRoute: false }, async (request, reply) => {
      const session = await sessionOf(request);
      if (!session) return reply.redirect(link('/admin/login', { next: request.url }), 303);
      const answer = await answerPage(page, { visit: visitOf(request, session), forms });
      return send(reply, frame, { answer, session });
    });

  for (const row of forms)
    app.post(row.path, async (request, reply) => {
      if (isCrossSite(request)) return show(reply, faultPage('forged'));
      const session = await sessionOf(request);
      if (!session) return show(reply, faultPage('signedOut'));
      const fields = await fieldsOf(request);
      const answer = fields
        ? await answerForm(row, { visit: visitOf(request, session), fields })
        : faultPage('unreadable');
      return send(reply, frame, { answer, session });
    });

  app.get('/admin/*', { exposeHeadRoute: false }, async (request, reply) =>
    send(reply, frame, { answer: faultPage('missing'), session: await sessionOf(request) }),
  );
}

/** Undefined when the body is no form. */
const fieldsOf = ({ body, headers }: FastifyRequest) =>
  fieldsIn(Buffer.isBuffer(body) ? body : Buffer.alloc(0), headers['content-type'] ?? '').catch(() => undefined);

type Sent = { answer: Shown | Gone | Attachment; session?: SignedIn | undefined };

function send(reply: FastifyReply, frame: Frame, { answer, session }: Sent): FastifyReply {
  if ('to' in answer) return reply.redirect(answer.to, 303);
  if ('file' in answer) return download(reply, answer);
  const { status, ...framed } = answer;
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(document(frame, { ...framed, session }));
}

const download = (reply: FastifyReply, { file, type, body }: Attachment): FastifyReply =>
  reply
    .header('content-disposition', `attachment; filename="${file.replace(/[^\w.-]/g, '_')}"`)
    .type(type)
    .send(body);
