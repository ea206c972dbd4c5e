/** `/admin/login` and `/admin/logout`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../../access/access-checks.ts';
import { isCrossSite } from '../cross-site.ts';
import { factsOf } from '../request-facts.ts';
import { faultPage } from './error-page.ts';
import type { Fields } from './form-fields.ts';
import { field, kept, TOKEN_FIELD } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import { LOGIN_TEXTS as TEXT } from './login-texts.ts';
import { isEqual } from './page-answer.ts';
import { notice } from './page-parts.ts';
import type { Shown } from './shown.ts';

/** How people log in. */
export type Door = Pick<Access, 'transport' | 'sessionOf' | 'login' | 'logout'>;

/** Another way to sign in: its name, and the path where it begins. */
export type LoginProvider = { name: string; path: string };

/** What the routes share with those of the pages. `fieldsOf`: undefined when the body is no form. */
export type LoginParts = {
  access: Door;
  providers: readonly LoginProvider[];
  show: (reply: FastifyReply, answer: Shown) => FastifyReply;
  fieldsOf: (request: FastifyRequest) => Promise<Fields | undefined>;
};

const LOGIN = '/admin/login';
const HOME = '/admin/';

/** Registers them. */
export function loginRoutes(app: FastifyInstance, { access, providers, show, fieldsOf }: LoginParts): void {
  app.get(LOGIN, { exposeHeadRoute: false }, async (request, reply) => {
    const query = new URLSearchParams(request.url.split('?')[1]);
    const next = nextPage(query.get('next'));
    if (await access.sessionOf(factsOf(request))) return reply.redirect(next, 303);
    const told = query.has('out') ? notice('good', TEXT.signedOut) : undefined;
    const refusal = access.transport === 'open' ? 'open' : undefined;
    return show(reply, loginPage({ next, providers, refusal, told }));
  });

  app.post(LOGIN, async (request, reply) => {
    if (isCrossSite(request)) return show(reply, faultPage('forged'));
    const fields = await fieldsOf(request);
    if (!fields) return show(reply, faultPage('unreadable'));
    const { text } = fields;
    const [user, code, next] = [text('user'), text('code'), nextPage(text('next'))];
    const sent = { user, password: fields.exact('password'), ...(code && { code }) };
    const result = await access.login(sent, factsOf(request));
    if (result.kind === 'logged-in') return reply.header('set-cookie', result.cookie).redirect(next, 303);
    return show(reply, loginPage({ next, providers, refusal: result.kind, user }));
  });

  app.post('/admin/logout', async (request, reply) => {
    const session = isCrossSite(request) ? undefined : await access.sessionOf(factsOf(request));
    const fields = await fieldsOf(request);
    if (session && !isEqual(fields?.text(TOKEN_FIELD) ?? '', session.formToken))
      return show(reply, faultPage('forged'));
    const left = session && (await access.logout(factsOf(request)));
    if (left) void reply.header('set-cookie', left.cookie);
    if (left?.url !== undefined) return show(reply, signedOutPage(left.url));
    return reply.redirect(link(LOGIN, { out: 'yes' }), 303);
  });
}

/** A link, because the answer to a form may not lead to another site. */
const signedOutPage = (url: string): Shown => ({
  status: 200,
  title: TEXT.signedOut,
  body: [html`<p>${TEXT.stillSignedIn}</p>`, html`<p><a class="button" href="${url}">${TEXT.outThere}</a></p>`],
});

type LoginPage = {
  next: string;
  providers: readonly LoginProvider[];
  refusal?: keyof typeof TEXT.refusals | undefined;
  told?: Html | undefined;
  user?: string;
};

function loginPage({ next, providers, refusal, told, user = '' }: LoginPage): Shown {
  const refused = refusal && TEXT.refusals[refusal];
  return {
    status: refused?.status ?? 200,
    title: TEXT.title,
    body: [
      refused ? notice('bad', refused.text, 'alert') : told,
      html`<p>${TEXT.about}</p>`,
      refusal !== 'open' && html`<div class="card narrow">${providers.map(providerLink)}${loginForm(next, user)}</div>`,
    ],
  };
}

const providerLink = ({ name, path }: LoginProvider): Html =>
  html`<p><a class="button" href="${path}">${TEXT.by(name)}</a></p>`;

const loginForm = (next: string, user: string): Html =>
  html`<form method="post" action="${LOGIN}">${kept('next', next)}
${field({ name: 'user', label: TEXT.user, value: user, autocomplete: 'username', required: true, maxlength: 200 })}
${field({ name: 'password', label: TEXT.password, kind: 'password', autocomplete: 'current-password', required: true })}
${field({ name: 'code', label: TEXT.code, hint: TEXT.codeHint, autocomplete: 'one-time-code', maxlength: 12 })}
<p class="actions"><button>${TEXT.submit}</button></p></form>`;

/** Only a page of ours: another site must not be able to lead a person on by our login. */
function nextPage(asked: string | null): string {
  const url = URL.parse(asked ?? HOME, 'http://page');
  const isOurs =
    url?.origin === 'http://page' && url.pathname.startsWith(HOME) && !/^\/admin\/log(in|out)/.test(url.pathname);
  return isOurs ? `${url.pathname}${url.search}` : HOME;
}
