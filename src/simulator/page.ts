/** The web page of the control API: one file that loads nothing from elsewhere. */
import { createHash } from 'node:crypto';
import { INTUNE_CODES } from './intune-codes.ts';
import { HOPS } from './service-call.ts';
import { FAULTS } from './fault-table.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; overflow-wrap: anywhere; }
.warning { background: #fff4ce; border-left: 4px solid #c19c00; padding: .6rem 1rem; }
form { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .4rem 1rem; align-items: center; }
input, select, textarea, button { font: inherit; padding: .3rem .5rem; }
input, select, textarea { width: 100%; min-width: 0; box-sizing: border-box; }
textarea { height: 6rem; font-family: monospace; }
button { justify-self: start; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #ddd; }
.error { color: #a80000; min-height: 1.5em; }
@media (max-width: 40rem) {
  form { grid-template-columns: minmax(0, 1fr); }
  button { min-height: 2.75rem; }
  th, td { padding: .25rem; }
  details td { display: block; }
}
`;

const SCRIPT = `
const at = (id) => document.getElementById(id);
const list = (text) => text.split(/[\\s,]+/).filter(Boolean);
async function ask(method, path, body) {
  const options = body ? { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : { method };
  const response = await fetch(path, options);
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
const report = (id, work) => async (event) => {
  event.preventDefault();
  try { await work(); at(id).textContent = ''; } catch (error) { at(id).textContent = error.message; }
  await refresh();
};
const row = (...cells) => {
  const tr = document.createElement('tr');
  for (const cell of cells) tr.appendChild(document.createElement('td')).textContent = cell;
  return tr;
};
at('mint').onsubmit = report('mint-error', async () => {
  const request = { subject: at('subject').value };
  if (at('san').value.trim()) request.san = at('san').value.split('\\n').map((line) => line.trim()).filter(Boolean);
  if (at('keyUsage').value.trim()) request.keyUsage = list(at('keyUsage').value);
  if (at('extendedKeyUsage').value.trim()) request.extendedKeyUsage = list(at('extendedKeyUsage').value);
  if (at('keyLength').value) request.keyLength = Number(at('keyLength').value);
  if (at('validitySeconds').value) request.validitySeconds = Number(at('validitySeconds').value);
  at('challenge').value = (await ask('POST', '/challenges', request)).challenge;
});
at('fault').onsubmit = report('fault-error', async () => {
  const text = at('value').value.trim();
  const request = { hop: at('hop').value, fault: text.startsWith('{') ? JSON.parse(text) : text };
  if (at('count').value) request.count = Number(at('count').value);
  await ask('POST', '/faults', request);
});
at('clear-faults').onclick = report('fault-error', () => ask('DELETE', '/faults'));
at('clear-calls').onclick = report('call-error', () => ask('DELETE', '/calls'));
async function refresh() {
  try {
    const [calls, faults] = await Promise.all([ask('GET', '/calls'), ask('GET', '/faults')]);
    at('calls').replaceChildren(...calls.slice(-100).reverse().map((c) =>
      row(c.at.slice(11, 23), c.hop, c.code, c.status || '-', c.clientRequestId)));
    at('faults').replaceChildren(...faults.map((f) =>
      row(f.hop, typeof f.fault === 'object' ? JSON.stringify(f.fault) : f.fault, f.count ?? 'until cleared')));
    at('unreachable').textContent = '';
  } catch (error) { at('unreachable').textContent = 'The simulator does not answer: ' + error.message; }
}
refresh();
setInterval(refresh, 2000);
`;

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Response headers of the page. The browser runs only its own script and style (Content Security Policy). */
export const PAGE_POLICY: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "connect-src 'self'",
    `script-src ${hash(SCRIPT)}`,
    `style-src ${hash(STYLE)}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; '),
  'cache-control': 'no-store',
};

const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => MARKUP[character] ?? character);

const option = (text: string): string => `<option>${escape(text)}</option>`;
const cells = (...texts: readonly string[]): string => `<tr>${texts.map((t) => `<td>${escape(t)}</td>`).join('')}</tr>`;
const field = (id: string, label: string, rest: string): string =>
  `<label for="${id}">${label}</label><input id="${id}" ${rest}>`;

const SUGGESTIONS = [
  ...FAULTS.map(({ form }) => form).filter((form) => /^[\w-]+$/.test(form)),
  '503',
  ...Object.keys(INTUNE_CODES),
];

/** The page, HTML. The name of the tenant is escaped. */
export const controlPage = (tenant: string): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Simulated Intune tenant</title><style>${STYLE}</style>
<h1>Simulated Intune tenant</h1>
<p class="warning"><strong>This tenant is simulated.</strong> No device, user or certificate of ${escape(tenant)} is real,
and nothing is sent to Microsoft. Trust its CA in tests only.</p>
<p id="unreachable" class="error"></p>
<h2>Create a challenge</h2>
<form id="mint">
${field('subject', 'Subject', 'value="CN=device-1"')}
<label for="san">Names, one per line</label><textarea id="san" placeholder="dns:device-1.example.com"></textarea>
${field('keyUsage', 'Key usage', 'placeholder="digitalSignature, keyEncipherment"')}
${field('extendedKeyUsage', 'Extended key usage', 'placeholder="clientAuth"')}
${field('keyLength', 'Key length', 'type="number" min="1024" placeholder="2048"')}
${field('validitySeconds', 'Validity in seconds', 'type="number" placeholder="3600"')}
<button>Create</button><span id="mint-error" class="error"></span>
</form>
<p><textarea id="challenge" readonly aria-label="Challenge"></textarea></p>
<h2>Faults</h2>
<form id="fault">
<label for="hop">Hop</label><select id="hop">${[...HOPS, 'directory', '*'].map(option).join('')}</select>
${field('value', 'Fault', 'list="known" value="ChallengeExpired"')}
<datalist id="known">${SUGGESTIONS.map(option).join('')}</datalist>
${field('count', 'Number of calls', 'type="number" min="1" placeholder="until cleared"')}
<button>Set</button><span id="fault-error" class="error"></span>
</form>
<table><thead><tr><th>Hop<th>Fault<th>Calls left</thead><tbody id="faults"></tbody></table>
<p><button id="clear-faults">Clear faults</button></p>
<details><summary>Accepted faults</summary>
<table>${FAULTS.map(({ form, hops, description }) => cells(form, description, hops.join(', '))).join('')}</table></details>
<h2>Calls</h2>
<p><button id="clear-calls">Clear calls</button> <span id="call-error" class="error"></span></p>
<table><thead><tr><th>Time (UTC)<th>Hop<th>Code<th>Status<th>client-request-id</thead><tbody id="calls"></tbody></table>
<script>${SCRIPT}</script></html>
`;
