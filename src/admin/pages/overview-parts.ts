/** How authorities, tenants, endpoints and jobs stand, one table each. */
import type { Overview } from '../../actions/overview-actions.ts';
import { html, type Html, type Piece } from './html.ts';
import { OVERVIEW_TEXTS as TEXT } from './overview-texts.ts';
import type { Visit } from './page-row.ts';
import { badge, moment, section } from './page-parts.ts';
import { type Column, table } from './table-part.ts';

type Row<K extends 'authorities' | 'tenants' | 'endpoints' | 'jobs'> = NonNullable<Overview[K]>[number];

/** What a desk does not have, or what the caller may not see, is left out. */
export const standingParts = (
  visit: Visit,
  { refused, authorities, tenants, endpoints, store, jobs }: Overview,
): Piece => [
  refusedPart(refused),
  authorities && part(TEXT.authorities, { columns: authorityColumns(visit), rows: authorities }),
  tenants && part(TEXT.tenants, { columns: tenantColumns(visit), rows: tenants }),
  endpoints && part(TEXT.endpoints, { columns: ENDPOINT_COLUMNS, rows: endpoints }),
  store && storePart(visit, store),
  jobs.length > 0 && part(TEXT.jobs, { columns: jobColumns(visit), rows: jobs }),
];

const part = <T>(
  { title, empty }: { title: string; empty: string },
  shown: { columns: readonly Column<T>[]; rows: readonly T[] },
): Html => section(title, table(title, { ...shown, empty }));

function refusedPart({ hours, more, causes }: Overview['refused']): Html {
  const title = TEXT.refused.title(hours);
  return section(title, [
    table(title, { columns: CAUSE_COLUMNS, rows: causes, empty: TEXT.refused.empty }),
    more && html`<p class="muted">${TEXT.refused.more}</p>`,
    causes.length > 0 && html`<p class="pager"><a href="/admin/devices">${TEXT.refused.all}</a></p>`,
  ]);
}

const CAUSE_COLUMNS: readonly Column<Overview['refused']['causes'][number]>[] = [
  { head: TEXT.refused.code, cell: ({ code }) => html`<code>${code}</code>` },
  { head: TEXT.refused.number, cell: ({ number }) => number.toLocaleString('en'), numeric: true },
];

function storePart(visit: Visit, store: NonNullable<Overview['store']>): Html {
  const columns: readonly Column<typeof store>[] = [
    { head: TEXT.store.name, cell: ({ kind }) => kind },
    {
      head: TEXT.store.standing,
      cell: ({ writes }) => (writes ? badge('good', TEXT.store.works) : badge('bad', TEXT.store.fails)),
    },
    { head: TEXT.store.schema, cell: ({ schema }) => schema, numeric: true },
  ];
  return section(TEXT.store.title, [
    table(TEXT.store.title, { columns, rows: [store] }),
    table(TEXT.store.servers, { columns: serverColumns(visit), rows: store.servers, empty: TEXT.store.empty }),
  ]);
}

const serverColumns = (visit: Visit): readonly Column<NonNullable<Overview['store']>['servers'][number]>[] => [
  { head: TEXT.store.server, cell: ({ id }) => html`<code>${id}</code>` },
  {
    head: TEXT.store.standing,
    cell: ({ late }) => (late ? badge('attention', TEXT.store.late) : badge('good', TEXT.store.inTime)),
  },
  { head: TEXT.store.seen, cell: ({ seen }) => moment(new Date(seen), visit.now) },
];

/** A state and until when. */
function standing(visit: Visit, { standing, notAfter }: Pick<Row<'authorities'>, 'standing' | 'notAfter'>): Piece {
  if (standing === undefined || notAfter === undefined) return TEXT.authorities.none;
  const { look, words } = TEXT.standings[standing];
  return html`${badge(look, words)} <span class="muted">${TEXT.authorities.until}</span> ${moment(new Date(notAfter), visit.now)}`;
}

const authorityColumns = (visit: Visit): readonly Column<Row<'authorities'>>[] => [
  {
    head: TEXT.authorities.name,
    cell: ({ name }) => html`<a href="/admin/authorities#of-${name}">${name}</a>`,
  },
  { head: TEXT.authorities.certificate, cell: (row) => standing(visit, row) },
  {
    head: TEXT.authorities.ra,
    cell: ({ ra }) => (ra.length === 0 ? TEXT.authorities.none : lines(ra.map((each) => standing(visit, each)))),
  },
  {
    head: TEXT.authorities.lists,
    cell: ({ lists: all }) => (all.length === 0 ? TEXT.authorities.none : lines(all.map((each) => list(visit, each)))),
  },
  { head: TEXT.authorities.key, cell: ({ failure }) => works(failure) },
];

function list(visit: Visit, { nextUpdate, failure }: Row<'authorities'>['lists'][number]): Html {
  if (failure !== undefined) return works(failure);
  const next =
    nextUpdate && html`<span class="muted">${TEXT.authorities.next}</span> ${moment(new Date(nextUpdate), visit.now)}`;
  return html`${badge('good', TEXT.authorities.works)} ${next}`;
}

const works = (failure: string | undefined): Html =>
  failure === undefined
    ? badge('good', TEXT.authorities.works)
    : html`${badge('bad', TEXT.authorities.fails)} ${failure}`;

const lines = (all: readonly Piece[]): Html =>
  html`<ul class="plain">${all.map((each) => html`<li>${each}</li>`)}</ul>`;

const tenantColumns = (visit: Visit): readonly Column<Row<'tenants'>>[] => [
  { head: TEXT.tenants.name, cell: ({ name }) => html`<a href="/admin/tenants#of-${name}">${name}</a>` },
  {
    head: TEXT.tenants.standing,
    cell: ({ usable, detail }) =>
      usable ? badge('good', TEXT.tenants.usable) : html`${badge('bad', TEXT.tenants.unusable)} ${detail}`,
  },
  {
    head: TEXT.tenants.credential,
    cell: ({ credentialEnds }) => credentialEnds && moment(new Date(credentialEnds), visit.now),
  },
  { head: TEXT.tenants.outbox, cell: ({ waiting }) => waiting, numeric: true },
];

const ENDPOINT_COLUMNS: readonly Column<Row<'endpoints'>>[] = [
  { head: TEXT.endpoints.name, cell: ({ name }) => html`<a href="/admin/endpoints">${name}</a>` },
  {
    head: TEXT.endpoints.standing,
    cell: ({ serves }) => (serves ? badge('good', TEXT.endpoints.serves) : badge('bad', TEXT.endpoints.servesNot)),
  },
  { head: TEXT.endpoints.reason, cell: ({ reason }) => reason },
];

const jobColumns = (visit: Visit): readonly Column<Row<'jobs'>>[] => [
  { head: TEXT.jobs.name, cell: ({ name }) => name },
  {
    head: TEXT.jobs.standing,
    cell: ({ state, lastError }) => {
      const { look, words } = TEXT.jobs.states[lastError === undefined ? state : 'failed'];
      return badge(look, words);
    },
  },
  { head: TEXT.jobs.lastRun, cell: ({ lastRun }) => lastRun && moment(new Date(lastRun), visit.now) },
  { head: TEXT.jobs.lastError, cell: ({ lastError }) => lastError },
];
