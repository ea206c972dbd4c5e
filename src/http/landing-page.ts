/** The page for browsers at a SCEP URL: it says that the address is right, and which CA certificate a profile names. */
import { hash } from 'node:crypto';
import type { CaFacts, Landing } from '../enroll/landing-facts.ts';

/** The style of every page of this listener. */
const CSS = `
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; max-width: 46rem; margin: 0 auto; padding: 3rem 1.5rem }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem }
h1 span { color: #1a7f37 }
h1 .bad { color: #cf222e }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .7rem 1rem .7rem 0; border-top: 1px solid #8886 }
th { font-weight: 600; width: 11rem }
code { font: .9em ui-monospace, Consolas, Menlo, monospace; word-break: break-all }
small { opacity: .75 }
`;

const cspHash = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`;

const headersWith = (rules: string) => ({
  'content-security-policy': `default-src 'none'; style-src ${cspHash(CSS)}; ${rules}; base-uri 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
});

/** The page may not fetch, run, frame or send anything; the only style sheet is allowed by its hash. */
export const PAGE_HEADERS = headersWith("form-action 'none'");

/** The page may send a form to this server and run this script, and nothing else. */
export const formPageHeaders = (script: string): typeof PAGE_HEADERS =>
  headersWith(`script-src ${cspHash(script)}; form-action 'self'`);

/** The page and its headers. It shows no version, path or setting. */
export const landingPage = (landing: Landing): { body: Uint8Array; headers: Readonly<Record<string, string>> } => ({
  body: Buffer.from(html(landing)),
  headers: PAGE_HEADERS,
});

/** What the page begins with, as the endpoint is now. It does not say which certificate or service: the log does. */
function head({ outOfForce, waiting }: Landing): string {
  if (outOfForce)
    return `<h1><span class="bad">&#10007;</span> This SCEP server answers, and it cannot issue certificates now</h1>
<p>A certificate that it needs has expired or is not valid yet. Its administrator finds the cause in the log.</p>`;
  if (waiting)
    return `<h1><span class="bad">!</span> This SCEP server answers, and requests wait</h1>
<p>Something that the server needs to decide or to sign does not answer now. Devices are told to come back. The
administrator finds the cause in the log.</p>`;
  return '<h1><span>&#10003;</span> This is a SCEP server, and it answers</h1>';
}

/** A page for browsers. `body` is HTML. */
export const page = (body: string, title = 'Certificate enrolment'): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${CSS}</style>
</head>
<body>
${body}</body>
</html>
`;

const html = (landing: Landing): string =>
  page(`${head(landing)}
<p>Devices ask for their certificates at this address (Simple Certificate Enrolment Protocol, RFC&nbsp;8894). There is
nothing to do in a browser: that this page appears means that the address is right and can be reached from here. Write
it into the SCEP profile of the device management as it stands in the address bar.</p>
${landing.issuing ? certificates(landing.issuing, landing) : ''}`);

const certificates = (
  issuing: CaFacts,
  { root, rootFile }: Landing,
): string => `<h2>Which CA certificate the profile names</h2>
<p>Platforms differ in the certificate that they compare with this server. Device management shows the thumbprint as
SHA&#8209;1, other programs as SHA&#8209;256. Letter case, spaces and colons make no difference.</p>
<table>
${row('Windows', issuing, 'the issuing CA')}
${root ? row('Android', root, 'the root') : row('Android', undefined, 'the root, which this server does not have')}
${row('iOS, iPadOS, macOS', undefined, root ? 'either of the two' : 'the issuing CA or the root')}
</table>
${rootFile ? download(rootFile) : ''}`;

/** In the page itself, so that it needs no other URL. DER, as Windows, Android and Apple open it. */
const download = (der: Uint8Array): string =>
  `<p><a download="root-ca.cer" href="data:application/pkix-cert;base64,${Buffer.from(der).toString('base64')}">Download the
root certificate</a>. Compare its thumbprint over another way before you trust it.</p>
`;

const row = (platform: string, ca: CaFacts | undefined, which: string): string =>
  `<tr><th scope="row">${platform}</th><td>${which}${ca ? `: ${escaped(ca.name)}<br>SHA&#8209;1 <code>${escaped(ca.thumbprint)}</code><br>SHA&#8209;256 <code>${escaped(ca.sha256)}</code>` : ''}</td></tr>`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
