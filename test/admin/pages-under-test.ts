/** The administrator's pages over a real store, without a socket. Sessions are given, not made. */
import Fastify from 'fastify';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Desk } from '../../src/actions/action.ts';
import { adminPages, type PagesOptions } from '../../src/admin/pages/pages-plugin.ts';
import type { SignedIn } from '../../src/admin/pages/layout.ts';
import type { RoleGrant } from '../../src/core/access.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { later } from '../../src/testing/store-samples.ts';
import { handClock } from '../kit/clock.ts';
import { keptLog } from '../kit/log.ts';

export const ASSETS = join(import.meta.dirname, '../../src/admin/pages/assets');
export const FORM_TOKEN = 'the-token-of-this-session';

/** Who is signed in; a session without grants may nothing. */
export const session = (...grants: RoleGrant[]): SignedIn => ({
  caller: { actor: { kind: 'person', name: 'ada', address: '192.0.2.1' }, source: 'page', grants },
  formToken: FORM_TOKEN,
});

/** What a server without authorities, tenants and endpoints would have. */
export const NOTHING_LOADED: Pick<Desk, 'authorities' | 'tenants' | 'endpoints' | 'passwords' | 'receivers'> = {
  authorities: { list: async () => [], certificates: () => [] },
  tenants: { list: async () => [] },
  passwords: [],
  receivers: ['webhook:ops', 'mail'],
  endpoints: { list: () => [], settings: () => [], test: async () => ({ kind: 'SCEP message', endpoints: [] }) },
};

export type PagesDifferent = Partial<Omit<PagesOptions, 'emit'>> & { signedIn?: SignedIn | undefined };

/** `get` and `post` are requests of a browser that is signed in as an operator, or as `signedIn` says. */
export async function pagesUnderTest(t: TestContext, different: PagesDifferent = {}) {
  const clock = handClock();
  const log = keptLog();
  const store = await openSqliteStore({ path: ':memory:', clock });
  const { signedIn = session({ role: 'operator' }), ...options } = different;
  const current: { session: SignedIn | undefined } = { session: signedIn };
  const app = Fastify();
  const files = ['pages.css', 'pages.js', 'icon.svg'].map((name) => [name, readFileSync(join(ASSETS, name), 'utf8')]);
  await app.register(adminPages, {
    desk: { store, clock, ...NOTHING_LOADED },
    access: {
      transport: 'loopback',
      sessionOf: async () => current.session && { ...current.session, endsAt: later(60) },
      login: async () => ({ kind: 'wrong' }),
      logout: async () => ({ cookie: 'openndes=; Max-Age=0' }),
    },
    assets: Object.fromEntries(files) as Record<string, string>,
    emit: log.emit,
    ...options,
  });
  t.after(async () => {
    await app.close();
    await store.close();
  });
  const get = (url: string) => app.inject({ url, headers: { 'sec-fetch-site': 'same-origin' } });
  const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers },
      payload: new URLSearchParams({ formToken: FORM_TOKEN, ...fields }).toString(),
    });
  return { app, store, clock, log, get, post, current };
}
