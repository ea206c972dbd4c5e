/** Revocation of all that a filter finds: a preview, and a form that asks for their number. */
import { isFiltered, type SentFilter } from '../../actions/certificate-filter.ts';
import { REVOCATION_ACTIONS } from '../../actions/revocation-actions.ts';
import { FILTER_NAMES, filterIn, filterParameters } from './certificate-filter-form.ts';
import { reasonChoice } from './certificate-forms.ts';
import { certificateList } from './certificates-page.ts';
import { CERTIFICATE_PAGE_TEXTS, CERTIFICATES_TEXTS, REVOCATIONS_TEXTS as TEXT } from './certificates-texts.ts';
import { field, form, kept } from './form-parts.ts';
import type { Fields } from './form-fields.ts';
import { html, type Html, link } from './html.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { facts, notice, section } from './page-parts.ts';
import { read } from './reading.ts';

const PREVIEW = REVOCATION_ACTIONS[4];
const REVOKE_MANY = REVOCATION_ACTIONS[5];

const PATH = '/admin/revocations';

/** `/admin/revocations`, with the filter of a list of certificates. */
export const REVOCATIONS_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  permission: 'operate',
  async render(visit) {
    const { state: _, ...filter } = filterIn((name) => visit.query.get(name));
    if (!isFiltered(filter))
      return html`<p>${TEXT.choose} <a href="/admin/certificates">${CERTIFICATES_TEXTS.title}</a></p>`;
    const { count, first, digest } = await read(PREVIEW, visit, filter);
    return html`${section(TEXT.filter, shownFilter(filter))}
${notice(count > 0 ? 'attention' : 'neutral', count > 0 ? TEXT.count(count) : TEXT.nothing)}
${count > 0 && section(TEXT.first, certificateList(TEXT.first, first, visit))}
${count > 0 && section(TEXT.confirmTitle, confirmForm(visit, { filter, count, digest }))}`;
  },
};

const shownFilter = (filter: SentFilter): Html =>
  facts(FILTER_NAMES.map((name) => [CERTIFICATES_TEXTS[name], filter[name]] as const));

const confirmForm = (
  visit: Visit,
  { filter, count, digest }: { filter: SentFilter; count: number; digest: string },
): Html =>
  form(visit, {
    to: '/admin/revocations/revoke',
    button: TEXT.button,
    danger: true,
    body: [
      Object.entries(filterParameters(filter)).map(([name, value]) => kept(name, value ?? '')),
      kept('digest', digest),
      reasonChoice(),
      field({ name: 'why', label: CERTIFICATE_PAGE_TEXTS.whyLabel, maxlength: 500 }),
      field({
        name: 'confirm',
        label: TEXT.confirm(count),
        hint: TEXT.confirmHint,
        required: true,
        autocomplete: 'off',
      }),
      count > 100 && html`<p>${TEXT.twoPersons}</p>`,
    ],
  });

type Result = { revoked: number; already: number; validRenewals: number };

/** The filter of the preview, without a state. */
const sentFilter = ({ text }: Pick<Fields, 'text'>): SentFilter =>
  filterIn((name) => ((FILTER_NAMES as readonly string[]).includes(name) ? text(name) : ''));

/** The form. */
export const REVOCATION_FORMS: readonly PageForm[] = [
  {
    path: '/admin/revocations/revoke',
    action: REVOKE_MANY.name,
    back: PATH,
    again: (fields) => link(PATH, filterParameters(sentFilter(fields))),
    done: TEXT.done,
    input: ({ text }) => ({
      filter: sentFilter({ text }),
      digest: text('digest'),
      confirm: Number(text('confirm') || Number.NaN),
      reason: text('reason'),
      ...(text('why') && { why: text('why') }),
    }),
    answer: (output) => {
      const { revoked, already, validRenewals } = output as Result;
      return {
        title: TEXT.result,
        body: html`${notice('good', TEXT.done)}
${facts([
  [TEXT.revoked, revoked],
  [TEXT.already, already],
  [TEXT.renewals, validRenewals],
])}
<p><a href="/admin/certificates">${CERTIFICATES_TEXTS.title}</a></p>`,
      };
    },
  },
];
