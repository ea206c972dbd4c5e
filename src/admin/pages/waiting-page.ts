/** Requests that wait: what would be issued, to approve or to reject. */
import { REQUEST_ACTIONS, type ShownRequest } from '../../actions/request-actions.ts';
import { field, form, kept } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { absolute, badge, copyable, facts, moment, notice, section } from './page-parts.ts';
import { may, read } from './reading.ts';
import { pager } from './table-part.ts';
import { WAITING_TEXTS as TEXT } from './waiting-texts.ts';

const [LIST, APPROVE, REJECT] = REQUEST_ACTIONS;
const ON_ONE_PAGE = 50;

/** `/admin/waiting`. */
export const WAITING_PAGE: Page = {
  path: '/admin/waiting',
  title: TEXT.title,
  menu: TEXT.title,
  permission: LIST.permission,
  async render(visit) {
    const after = visit.query.get('after') || undefined;
    const { requests, next } = await read(LIST, visit, { limit: ON_ONE_PAGE, after });
    const here = WAITING_PAGE.path;
    return html`<p>${TEXT.about}</p>
${requests.length === 0 && section(TEXT.title, html`<p class="empty">${TEXT.empty}</p>`)}
${requests.map((request) => requestCard(visit, request))}
${pager({ first: after && here, next: next && link(here, { after: next }) })}`;
  },
};

/** The decisions. */
export const WAITING_FORMS: readonly PageForm[] = [
  decisionForm('/admin/waiting/approve', { action: APPROVE.name, done: TEXT.approved }),
  decisionForm('/admin/waiting/reject', { action: REJECT.name, done: TEXT.rejected }),
];

function decisionForm(path: PageForm['path'], row: Pick<PageForm, 'action' | 'done'>): PageForm {
  return {
    ...row,
    path,
    back: WAITING_PAGE.path,
    input: ({ text }) => ({ id: text('id'), ...(text('reason') && { reason: text('reason') }) }),
    answer: () => ({ to: WAITING_PAGE.path }),
  };
}

function requestCard(visit: Visit, request: ShownRequest): Html {
  const { look, words, next } = TEXT.reason(request.reason);
  const { refused, subject } = request;
  return section(subject || TEXT.noSubject, [
    html`<p>${badge(look, words)} ${next}</p>`,
    refused !== undefined && notice('bad', html`<p><strong>${TEXT.refused}</strong>: ${refused}</p>`),
    facts([
      [TEXT.since, moment(new Date(request.since), visit.now)],
      [TEXT.endpoint, request.endpoint],
      [TEXT.profile, request.profile],
      [TEXT.names, lines(request.names)],
      [TEXT.key, request.key],
      [TEXT.usages, request.keyUsage?.join(', ')],
      [TEXT.purposes, request.extendedKeyUsage?.join(', ')],
      [TEXT.validity, validity(request)],
      [TEXT.signer, signer(request)],
      [TEXT.transaction, copyable(request.transactionId)],
      [TEXT.id, copyable(request.id)],
    ]),
    html`<div class="side-by-side">${may(visit, APPROVE) && request.reason === 'approval' && approve(visit, request)}
${may(visit, REJECT) && reject(visit, request)}</div>`,
  ]);
}

const lines = (texts: readonly string[]): Html | undefined =>
  texts.length === 0 ? undefined : html`<ul class="plain">${texts.map((text) => html`<li>${text}</li>`)}</ul>`;

const validity = ({ notBefore, notAfter }: ShownRequest): string | undefined =>
  notBefore && notAfter && TEXT.until(absolute(new Date(notBefore)), absolute(new Date(notAfter)));

function signer({ signerCertificate, signerKey }: ShownRequest): string | undefined {
  if (signerCertificate) return TEXT.signerCertificate(signerCertificate.subject, signerCertificate.issuer);
  return signerKey && TEXT.signerKeys[signerKey];
}

const approve = (visit: Visit, { id, subject }: ShownRequest): Html =>
  form(visit, {
    to: '/admin/waiting/approve',
    button: html`${TEXT.approve}<span class="hidden">${TEXT.of(subject)}</span>`,
    body: [kept('id', id), field({ name: 'reason', of: `-approve-${id}`, label: TEXT.whyApprove, maxlength: 500 })],
  });

const reject = (visit: Visit, { id, subject }: ShownRequest): Html =>
  form(visit, {
    to: '/admin/waiting/reject',
    danger: true,
    button: html`${TEXT.reject}<span class="hidden">${TEXT.of(subject)}</span>`,
    body: [
      kept('id', id),
      field({ name: 'reason', of: `-reject-${id}`, label: TEXT.whyReject, maxlength: 500, required: true }),
    ],
  });
