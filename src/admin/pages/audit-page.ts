/** The history: filters, pages, export, and the verification of its chain. */
import { AUDIT_ACTIONS, EVENTS } from '../../actions/audit-actions.ts';
import { auditTable } from './audit-table.ts';
import { AUDIT_TEXTS as TEXT } from './audit-texts.ts';
import { exported } from './exported-pages.ts';
import { choice, field, searchForm } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import type { Page, Visit } from './page-row.ts';
import { copyable, facts, notice, section } from './page-parts.ts';
import { read } from './reading.ts';
import { pager } from './table-part.ts';

const [LIST, EXPORT, VERIFY] = AUDIT_ACTIONS;

const PATH = '/admin/audit';
const ROWS = 50;
const NAMES = ['event', 'actor', 'by', 'source', 'endpoint', 'why', 'from', 'before'] as const;

type Filter = Omit<Parameters<(typeof LIST)['run']>[0]['input'], 'limit' | 'cursor'>;

/** `/admin/audit`. With `export`, `csv` or `json`, a file; with `verify` the chain is verified. */
export const AUDIT_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'audit',
  render(visit) {
    const filter = filterIn(visit.query);
    const form = visit.query.get('export');
    if (form === 'csv' || form === 'json')
      return exported('audit', form, (cursor) =>
        read(EXPORT, visit, { ...filter, form, limit: 500, ...(cursor !== undefined && { cursor }) }),
      );
    return list(visit, filter);
  },
};

/** Without `all`, the steps of ordinary enrolments are left out. What is wrong is refused by the action. */
function filterIn(query: URLSearchParams): Filter {
  const given = NAMES.map((name) => [name, query.get(name)?.trim()] as const).filter(([, value]) => value);
  return { ...Object.fromEntries(given), notable: query.get('all') !== 'yes' };
}

const parametersOf = ({ notable, ...filter }: Filter): Record<string, string | undefined> => ({
  ...filter,
  all: notable ? undefined : 'yes',
});

async function list(visit: Visit, filter: Filter): Promise<Html> {
  const cursor = visit.query.get('cursor') ?? undefined;
  const { entries, next } = await read(LIST, visit, {
    ...filter,
    limit: ROWS,
    ...(cursor !== undefined && { cursor }),
  });
  const to = (more: Record<string, string | undefined>): string => link(PATH, { ...parametersOf(filter), ...more });
  return html`<p>${TEXT.about}</p>
${visit.query.get('verify') === 'yes' && (await verified(visit))}
${filterForm(filter)}
${section(TEXT.entries, [
  auditTable(TEXT.entries, entries, visit),
  next !== undefined && entries.length < ROWS && html`<p>${TEXT.goOn}</p>`,
  pager({ ...(cursor !== undefined && { first: to({}) }), ...(next !== undefined && { next: to({ cursor: next }) }) }),
])}
${section(
  TEXT.exportTitle,
  html`<ul><li><a href="${to({ export: 'csv' })}">${TEXT.csv}</a></li>
<li><a href="${to({ export: 'json' })}">${TEXT.json}</a></li></ul>`,
)}
${section(TEXT.chainTitle, [html`<p>${TEXT.chainAbout}</p>`, html`<p class="actions"><a href="${link(PATH, { verify: 'yes' })}">${TEXT.verify}</a></p>`])}`;
}

function filterForm(filter: Filter): Html {
  const value = (name: (typeof NAMES)[number]): string => filter[name] ?? '';
  const words = (of: Readonly<Record<string, string>>) => [['', TEXT.any] as const, ...Object.entries(of)];
  return searchForm(PATH, {
    button: TEXT.search,
    body: [
      choice({ name: 'all', label: TEXT.notable, value: filter.notable ? '' : 'yes' }, [
        ['', TEXT.notableOnly],
        ['yes', TEXT.everything],
      ]),
      choice({ name: 'event', label: TEXT.event, value: value('event') }, [
        ['', TEXT.any],
        ...EVENTS.map((each) => [each, each] as const),
      ]),
      field({ name: 'by', label: TEXT.by, value: value('by') }),
      choice({ name: 'actor', label: TEXT.actor, value: value('actor') }, words(TEXT.actors)),
      choice({ name: 'source', label: TEXT.source, value: value('source') }, words(TEXT.sources)),
      field({ name: 'endpoint', label: TEXT.endpoint, value: value('endpoint') }),
      field({ name: 'why', label: TEXT.why, value: value('why') }),
      field({ name: 'from', label: TEXT.from, kind: 'date', value: value('from') }),
      field({ name: 'before', label: TEXT.before, kind: 'date', value: value('before') }),
    ],
  });
}

async function verified(visit: Visit): Promise<Html> {
  const { whole, faults, notes, links, removed, end } = await read(VERIFY, visit, {});
  const lines = [...faults, ...notes];
  return html`${whole ? notice('good', TEXT.whole(links)) : notice('bad', TEXT.notWhole, 'alert')}
${lines.length > 0 && html`<ul>${lines.map((line) => html`<li>${line}.</li>`)}</ul>`}
${facts([
  [TEXT.removed, removed],
  [TEXT.end, end.number],
  [TEXT.hash, end.hash !== '' && copyable(end.hash)],
])}`;
}
