/** The tenants: permissions in the token, end of the credential, breaker, outbox, directory, last calls. */
import { TENANT_ACTIONS } from '../../actions/tenant-actions.ts';
import type { TenantView } from '../../actions/tenant-view.ts';
import { standingBadge } from './certificate-parts.ts';
import { html, type Html, type Piece } from './html.ts';
import type { Page, Visit } from './page-row.ts';
import { badge, copyable, facts, moment, notice, section } from './page-parts.ts';
import { read } from './reading.ts';
import { type Column, table } from './table-part.ts';
import { TENANTS_TEXTS as TEXT } from './tenants-texts.ts';

const [LIST] = TENANT_ACTIONS;

/** `/admin/tenants`. */
export const TENANTS_PAGE: Page = {
  path: '/admin/tenants',
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  async render(visit) {
    const { tenants } = await read(LIST, visit, {});
    const cards = tenants.map((each) => card(each, visit));
    return html`<p>${TEXT.about}</p>${cards.length > 0 ? cards : html`<p class="empty">${TEXT.empty}</p>`}`;
  },
};

function card(view: TenantView, visit: Visit): Html {
  const { name, usable, detail, remedy } = view;
  const state = usable ? badge('good', TEXT.usable) : badge('bad', TEXT.unusable);
  return section(
    name,
    [
      html`<p>${state}</p>`,
      !usable &&
        notice(
          'bad',
          html`<p>${withoutRemedy(view)}</p>${remedy !== undefined && html`<p>${TEXT.remedy}: ${remedy}</p>`}`,
        ),
      facts([
        [TEXT.detail, usable && detail],
        [TEXT.tenant, copyable(view.tenant)],
        [TEXT.clientId, view.clientId !== undefined && copyable(view.clientId)],
        [TEXT.cloud, view.cloud],
        [TEXT.endpoints, view.endpoints.join(', ') || TEXT.none],
        [TEXT.credential, credential(view, visit)],
        [TEXT.breaker, breaker(view)],
        [TEXT.outbox, outbox(view, visit)],
        [TEXT.directory, view.directory && directory(view.directory, visit)],
      ]),
      html`<h3>${TEXT.permissions}</h3>${permissions(view, visit)}<h3>${TEXT.calls}</h3>${calls(view, visit)}`,
    ],
    `of-${name}`,
  );
}

/** The detail ends with the remedy, which has its own line. */
const withoutRemedy = ({ detail, remedy = '' }: TenantView): string =>
  detail.endsWith(remedy) ? detail.slice(0, detail.length - remedy.length).trimEnd() : detail;

function credential({ credential: { kind, subject, ends, standing } }: TenantView, { now }: Visit): Piece {
  if (ends === undefined || standing === undefined) return html`${kind}<br><span class="muted">${TEXT.noEnd}</span>`;
  return html`${kind}${subject !== undefined && html` (${subject})`} ${standingBadge(standing)} ${moment(new Date(ends), now)}`;
}

const breaker = ({ breaker: state }: TenantView): Html =>
  html`${badge(state === 'closed' ? 'good' : 'attention', state)} ${TEXT.breakers[state]}`;

function outbox({ outbox: { waiting, more, oldest } }: TenantView, { now }: Visit): Piece {
  if (oldest === undefined) return TEXT.outboxEmpty;
  return html`${TEXT.outboxWaiting(waiting, more)} ${moment(new Date(oldest), now)}`;
}

function directory({ listedAt, error, waiting }: NonNullable<TenantView['directory']>, { now }: Visit): Piece {
  const listed = listedAt === undefined ? TEXT.neverListed : html`${TEXT.listed} ${moment(new Date(listedAt), now)}`;
  return html`${listed}${error !== undefined && html`<br>${badge('bad', TEXT.notTaken)} ${error}`}${
    waiting > 0 && html`<br>${TEXT.approvalWaits(waiting)}`
  }`;
}

function permissions({ name, permissions: rows }: TenantView, { now }: Visit): Html {
  const columns: readonly Column<TenantView['permissions'][number]>[] = [
    { head: TEXT.service, cell: ({ service }) => service },
    { head: TEXT.roles, cell: ({ roles }) => roles.join(', ') },
    {
      head: TEXT.missing,
      cell: ({ missing }) => missing.length > 0 && html`${badge('bad', TEXT.notGranted)} ${missing.join(', ')}`,
    },
    { head: TEXT.at, cell: ({ at }) => moment(new Date(at), now) },
  ];
  return table(`${name}: ${TEXT.permissions}`, { columns, rows, empty: TEXT.noToken });
}

function calls({ name, calls: rows }: TenantView, { now }: Visit): Html {
  const columns: readonly Column<TenantView['calls'][number]>[] = [
    { head: TEXT.call, cell: ({ call }) => call },
    { head: TEXT.at, cell: ({ at }) => moment(new Date(at), now) },
    { head: TEXT.result, cell: ({ result }) => result },
    { head: TEXT.duration, numeric: true, cell: ({ duration }) => TEXT.milliseconds(duration) },
    { head: TEXT.host, cell: ({ host }) => host },
    { head: TEXT.requestId, cell: ({ clientRequestId }) => clientRequestId !== undefined && copyable(clientRequestId) },
  ];
  return table(`${name}: ${TEXT.calls}`, { columns, rows, empty: TEXT.noCalls });
}
