/** The frame of every page: head, navigation, who is signed in. */
import type { Session } from '../../access/sessions.ts';
import { reachOf } from '../../core/access.ts';
import type { Caller } from '../../actions/action.ts';
import type { Asset } from './page-assets.ts';
import { html, type Html, type Piece } from './html.ts';
import type { Page } from './page-row.ts';
import { kept, TOKEN_FIELD } from './form-parts.ts';
import { TEXTS } from './texts.ts';

/** Who is signed in. */
export type SignedIn = Pick<Session, 'caller' | 'formToken'>;

/** What stands in the frame. `here`: the path of the page, for the navigation. */
export type Framed = { title: string; body: Piece; here?: string; session?: SignedIn | undefined };

/** What all frames of one server share. `pages`: those that the navigation may have. */
export type Frame = { assets: ReadonlyMap<string, Asset>; pages: readonly Page[] };

/** The whole page as it is sent. */
export function document({ assets, pages }: Frame, { title, body, here, session }: Framed): string {
  const url = (name: string): string => assets.get(name)?.url ?? '';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${TEXTS.product}</title>
<link rel="icon" href="${url('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${url('pages.css')}">
<script src="${url('pages.js')}" defer></script>
</head>
<body data-copy-text="${TEXTS.copy}" data-copied-text="${TEXTS.copied}">
<a class="skip" href="#content">${TEXTS.skip}</a>
<header><a class="brand" href="/admin/"><span class="mark" aria-hidden="true"></span>${TEXTS.product}</a>
${session && whoIs(session)}</header>
${session && menu(pages, session.caller, here)}
<main id="content" tabindex="-1"><h1>${title}</h1>
${body}
</main>
<footer><p>${TEXTS.utc}</p></footer>
</body>
</html>
`.markup;
}

/** The name and the roles, and the button that ends the session. */
const whoIs = ({ caller, formToken }: SignedIn): Html =>
  html`<form class="who" method="post" action="/admin/logout">${kept(TOKEN_FIELD, formToken)}
<span><span class="hidden">${TEXTS.signedInAs} </span>${caller.actor.name} <span class="role">${rolesOf(caller)}</span></span>
<button class="quiet">${TEXTS.signOut}</button></form>`;

const rolesOf = ({ grants }: Caller): string => [...new Set(grants.map(({ role }) => role))].join(', ');

/** Only the pages that the caller may see. */
const menu = (pages: readonly Page[], { grants }: Caller, here: string | undefined): Html =>
  html`<nav aria-label="${TEXTS.navigation}"><ul>${pages
    .filter(({ menu, permission }) => menu !== undefined && reachOf(grants, permission))
    .map(
      ({ path, menu }) => html`<li><a href="${path}"${path === here && html` aria-current="page"`}>${menu}</a></li>`,
    )}</ul></nav>`;
