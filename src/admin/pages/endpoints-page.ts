/** The endpoints: whether they serve, their configuration in force, and a test of a request. */
import { ENDPOINT_ACTIONS } from '../../actions/endpoint-actions.ts';
import type { EndpointView, SettingsSection, TestedRequest } from '../../actions/endpoint-view.ts';
import { ENDPOINTS_TEXTS as TEXT } from './endpoints-texts.ts';
import type { Fields } from './form-fields.ts';
import { choice, field, form, tick } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import type { Page, PageForm, Visit } from './page-row.ts';
import { badge, section } from './page-parts.ts';
import { may, read } from './reading.ts';
import { type Column, table } from './table-part.ts';
import { testedPage } from './tested-request.ts';

const [LIST, READ, TEST] = ENDPOINT_ACTIONS;

const PATH = '/admin/endpoints';

/** `/admin/endpoints`. With `settings`, the name of an endpoint, its configuration is on it. */
export const ENDPOINTS_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  async render(visit) {
    const { endpoints } = await read(LIST, visit, {});
    const named = visit.query.get('settings');
    const shown = named !== null && may(visit, READ) ? await read(READ, visit, { name: named }) : undefined;
    return html`${section(TEXT.list, table(TEXT.list, { columns: columnsFor(visit), rows: endpoints, empty: TEXT.empty }))}
${shown && settings(shown.endpoint.name, shown.sections)}
${may(visit, TEST) && endpoints.length > 0 && section(TEXT.testTitle, testForm(visit, endpoints))}`;
  },
};

/** The test of a request. */
export const ENDPOINT_FORMS: readonly PageForm[] = [
  {
    path: '/admin/endpoints/test',
    action: TEST.name,
    back: PATH,
    done: TEXT.done,
    input: async (fields) => ({
      request: await requestIn(fields),
      askIntune: fields.text('askIntune') === 'yes',
      ...(fields.text('endpoint') && { endpoint: fields.text('endpoint') }),
    }),
    answer: (output, _fields, { now }) => ({
      title: TEXT.result,
      body: testedPage(output as TestedRequest, { now, again: PATH }),
    }),
  },
];

/** A file that is no text is sent on in base64. */
async function requestIn(fields: Fields): Promise<string> {
  const octets = await fields.file('file');
  if (!octets) return fields.text('request');
  const isText = octets.every((octet) => octet < 0x7f);
  return Buffer.from(octets).toString(isText ? 'latin1' : 'base64');
}

const columnsFor = (visit: Visit): readonly Column<EndpointView>[] => [
  { head: TEXT.endpoint, cell: ({ name, url = '', path }) => html`${name}${at(name, url || path)}` },
  {
    head: TEXT.state,
    cell: ({ serves, reason }) =>
      serves ? badge('good', TEXT.serves) : html`${badge('bad', TEXT.servesNot)}<br>${reason}`,
  },
  {
    head: TEXT.policy,
    cell: ({ policy, tenants, approval }) =>
      html`${policy}${tenants.length > 0 && ` (${tenants.join(', ')})`}${approval && html`<br>${TEXT.approval}`}`,
  },
  { head: TEXT.authority, cell: ({ authority }) => authority },
  { head: TEXT.profile, cell: ({ profiles }) => profiles.join(', ') },
  ...(may(visit, READ) ? [{ head: TEXT.settings, cell: settingsLink }] : []),
];

/** An endpoint is often called by its path. */
const at = (name: string, place: string): Html | false => place !== name && html`<br><code>${place}</code>`;

const settingsLink = ({ name }: EndpointView): Html =>
  html`<a href="${link(PATH, { settings: name })}#settings">${TEXT.show}<span class="hidden">${TEXT.showNamed(name)}</span></a>`;

function settings(name: string, sections: readonly SettingsSection[]): Html {
  const columns: readonly Column<SettingsSection['settings'][number]>[] = [
    { head: TEXT.key, cell: ({ key }) => html`<code>${key}</code>` },
    { head: TEXT.value, cell: ({ value }) => value },
    { head: TEXT.from, cell: ({ from }) => html`<span class="muted">${from}</span>` },
  ];
  const parts = sections.map(({ section: each, settings: rows }) => {
    const title = TEXT.sections[each] ?? each;
    return html`<h3>${title}</h3>${table(`${name}: ${title}`, { columns, rows })}`;
  });
  return section(TEXT.inForce(name), html`<p>${TEXT.inForceAbout}</p>${parts}`, 'settings');
}

const testForm = (visit: Visit, endpoints: readonly EndpointView[]): Html =>
  html`<p>${TEXT.testAbout}</p>${form(visit, {
    to: '/admin/endpoints/test',
    button: TEXT.test,
    files: true,
    body: [
      field({ name: 'file', label: TEXT.file, kind: 'file' }),
      field({ name: 'request', label: TEXT.text, kind: 'lines' }),
      choice({ name: 'endpoint', label: TEXT.where }, [
        ['', TEXT.everywhere],
        ...endpoints.map(({ name }) => [name, name] as const),
      ]),
      endpoints.some(({ tenants }) => tenants.length > 0) && tick('askIntune', TEXT.askIntune),
    ],
  })}`;
