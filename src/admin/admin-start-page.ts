/** The page at `/` of the administrator's listener: what there is, without a password and without a secret. */
import { type AdminPage, adminPath } from './ndes-plugin.ts';

/** The headers of the page, and the page for these endpoints; `withPages`: whether pages for passwords are served. */
export const adminStartPage = {
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  body: (pages: readonly AdminPage[], withPages: boolean): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>openndes for administrators</title></head>
<body>
<h1>openndes for administrators</h1>
<ul>
<li><a href="/admin/">/admin/</a>: what happens, and what to do about it</li>
<li><a href="/readyz">/readyz</a>: what works, what ends and which jobs run</li>
${withPages ? pages.map(linkTo).join('\n') : ''}
</ul>
</body>
</html>
`,
};

const linkTo = ({ path }: AdminPage): string => {
  const url = escaped(`${adminPath(path)}/`);
  return `<li><a href="${url}">${url}</a>: a one-time password for a device</li>`;
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
