/** The certificates: search, filters with counts, pages, export. */
import { CERTIFICATE_ACTIONS } from '../../actions/certificate-actions.ts';
import { isFiltered, type SentFilter } from '../../actions/certificate-filter.ts';
import type { CertificateRow } from '../../actions/certificate-view.ts';
import { REVOCATION_ACTIONS } from '../../actions/revocation-actions.ts';
import { filterForm, filterIn, filterParameters, STATES } from './certificate-filter-form.ts';
import { CERTIFICATES_TEXTS as TEXT } from './certificates-texts.ts';
import { exported } from './exported-pages.ts';
import { html, type Html, link } from './html.ts';
import type { Page, Visit } from './page-row.ts';
import { badge, copyable, type Look, moment, section, breakable } from './page-parts.ts';
import { may, read } from './reading.ts';
import { type Column, pager, table } from './table-part.ts';

const [LIST, EXPORT] = CERTIFICATE_ACTIONS;
const REVOKE_MANY = REVOCATION_ACTIONS[5];

const PATH = '/admin/certificates';
const ROWS = 50;

/** `/admin/certificates`. With `export`, `csv` or `json`, the list is a file. */
export const CERTIFICATES_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  render(visit) {
    const filter = filterIn((name) => visit.query.get(name));
    const form = visit.query.get('export');
    if (form === 'csv' || form === 'json')
      return exported('certificates', form, (cursor) =>
        read(EXPORT, visit, { ...filter, form, limit: 500, ...(cursor !== undefined && { cursor }) }),
      );
    return list(visit, filter);
  },
};

async function list(visit: Visit, filter: SentFilter): Promise<Html> {
  const cursor = visit.query.get('cursor') ?? undefined;
  const found = await read(LIST, visit, { ...filter, limit: ROWS, ...(cursor !== undefined && { cursor }) });
  const { certificates, next, counts } = found;
  const to = (more: Record<string, string | undefined>): string => link(PATH, { ...filterParameters(filter), ...more });
  const short = next !== undefined && certificates.length < ROWS;
  return html`${filterForm(filter)}
${counts && chips(filter, counts)}
${section(TEXT.found, [
  certificateList(TEXT.caption, certificates, visit),
  short && html`<p>${TEXT.goOn}</p>`,
  pager({ ...(cursor !== undefined && { first: to({}) }), ...(next !== undefined && { next: to({ cursor: next }) }) }),
])}
${certificates.length > 0 && section(TEXT.exportTitle, exports(visit, filter, to))}`;
}

type Counts = Readonly<Record<string, { number: number; more: boolean }>>;

/** Each state is a link to its own list; the one that is shown leads back to all. */
const chips = (filter: SentFilter, counts: Counts): Html =>
  html`<nav class="figures" aria-label="${TEXT.states}">${STATES.map((state) => {
    const { number = 0, more = false } = counts[state] ?? {};
    const isShown = filter.state === state;
    const to = link(PATH, { ...filterParameters(filter), state: isShown ? undefined : state });
    return html`<a class="figure" href="${to}"${isShown && html` aria-current="true"`}><span class="count">${number.toLocaleString('en')}${more && '+'}</span> <span class="words">${TEXT.stateWords[state]}</span></a>
`;
  })}</nav>`;

const exports = (visit: Visit, filter: SentFilter, to: (more: Record<string, string>) => string): Html =>
  html`<ul><li><a href="${to({ export: 'csv' })}">${TEXT.csv}</a></li>
<li><a href="${to({ export: 'json' })}">${TEXT.json}</a></li>
${
  may(visit, REVOKE_MANY) &&
  isFiltered(filter) &&
  html`<li><a href="${link('/admin/revocations', { ...filterParameters(filter), state: undefined })}">${TEXT.revokeAll}</a></li>`
}</ul>`;

/** A table of certificates; each leads to its page. */
export const certificateList = (caption: string, rows: readonly CertificateRow[], { now }: Visit): Html =>
  table(caption, { columns: columnsAt(now), rows, empty: TEXT.none });

const columnsAt = (now: Date): readonly Column<CertificateRow>[] => [
  { head: TEXT.subjectHead, cell: (row) => html`<a href="${certificateLink(row)}">${row.subject || row.serial}</a>` },
  { head: TEXT.stateHead, cell: ({ state }) => stateBadge(state) },
  { head: TEXT.endsHead, cell: ({ notAfter }) => moment(new Date(notAfter), now) },
  { head: TEXT.endpointHead, cell: ({ endpoint }) => breakable(endpoint) },
  { head: TEXT.issuedHead, cell: ({ issuedAt }) => moment(new Date(issuedAt), now) },
  { head: TEXT.serial, cell: ({ serial }) => copyable(serial) },
];

const LOOKS: Readonly<Record<string, Look>> = { issued: 'waiting', delivered: 'good', expired: 'neutral' };

/** A state in words, as lists of the command line show it. */
export const stateBadge = (state: string): Html => {
  const words: Readonly<Record<string, string>> = TEXT.stateWords;
  return badge(LOOKS[state] ?? 'bad', words[state] ?? state);
};

/** The page of a certificate. */
export const certificateLink = ({ issuerId, serial }: { issuerId: string; serial: string }): string =>
  link('/admin/certificate', { issuer: issuerId, serial });
