/** One-time passwords: a form, and the new password, once. */
import { PASSWORD_ACTIONS } from '../../actions/password-actions.ts';
import { choice, field, form } from './form-parts.ts';
import type { Fields } from './form-fields.ts';
import { html, type Html } from './html.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { copyable, facts, moment, notice, section } from './page-parts.ts';
import { PASSWORDS_TEXTS as TEXT } from './passwords-texts.ts';
import { read } from './reading.ts';

const [ENDPOINTS, ISSUE] = PASSWORD_ACTIONS;

/** `/admin/passwords`. */
export const PASSWORDS_PAGE: Page = {
  path: '/admin/passwords',
  title: TEXT.title,
  menu: TEXT.title,
  permission: ISSUE.permission,
  async render(visit) {
    const { endpoints } = await read(ENDPOINTS, visit, {});
    const body = endpoints.length === 0 ? html`<p class="empty">${TEXT.none}</p>` : passwordForm(visit, endpoints);
    return html`<p>${TEXT.about}</p>${section(TEXT.formTitle, body)}`;
  },
};

/** The password is in the answer to the form: it must be in no URL, and nothing may show it again. */
export const PASSWORD_FORMS: readonly PageForm[] = [
  {
    path: '/admin/passwords/issue',
    action: ISSUE.name,
    back: PASSWORDS_PAGE.path,
    done: TEXT.done,
    input: asked,
    answer: (output, fields, visit) => ({
      title: TEXT.issuedTitle,
      body: issuedCard(ISSUE.output.parse(output), { fields, visit }),
    }),
  },
];

function asked({ text }: Fields): unknown {
  const san = text('san')
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean);
  const subject = text('subject');
  return { endpoint: text('endpoint'), ...(subject && { subject }), ...(san.length > 0 && { san }) };
}

const passwordForm = (visit: Visit, endpoints: readonly { endpoint: string }[]): Html =>
  form(visit, {
    to: '/admin/passwords/issue',
    button: TEXT.issue,
    body: [
      choice(
        { name: 'endpoint', label: TEXT.endpoint },
        endpoints.map(({ endpoint }) => [endpoint, endpoint]),
      ),
      field({ name: 'subject', label: TEXT.subject, hint: TEXT.subjectHint, maxlength: 1_000, autocomplete: 'off' }),
      field({ name: 'san', label: TEXT.san, hint: TEXT.sanHint, kind: 'lines', maxlength: 4_000 }),
    ],
  });

type Issued = { password: string; endpoint: string; id?: string | undefined; expires?: string | undefined };

const issuedCard = (issued: Issued, { fields, visit }: { fields: Fields; visit: Visit }): Html =>
  html`${notice('attention', TEXT.once)}
${section(TEXT.password, [
  html`<p class="secret">${copyable(issued.password)}</p>`,
  facts([
    [TEXT.endpoint, issued.endpoint],
    [TEXT.boundTo, fields.text('subject')],
    [TEXT.validUntil, issued.expires ? moment(new Date(issued.expires), visit.now) : TEXT.forever],
    [TEXT.id, issued.id !== undefined && copyable(issued.id)],
  ]),
])}
<p><a class="button" href="${PASSWORDS_PAGE.path}">${TEXT.another}</a></p>`;
