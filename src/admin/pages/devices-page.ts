/** Devices and requests: search, the list of what is found, and the trace of one device. */
import {
  type ShownDevice,
  type ShownLookUp,
  type ShownStep,
  type ShownTrace,
  TRACE_ACTIONS,
} from '../../actions/trace-actions.ts';
import { DEVICES_TEXTS as TEXT } from './devices-texts.ts';
import { field, searchForm } from './form-parts.ts';
import { html, type Html, link } from './html.ts';
import { badge, copyable, type Look, moment, notice, section } from './page-parts.ts';
import type { Page } from './page-row.ts';
import { read } from './reading.ts';
import { type Column, table } from './table-part.ts';

const [TRACE, LIST] = TRACE_ACTIONS;
const PATH = '/admin/devices';

/** Rows of the list of failures. */
const RECENT = 25;

/** `/admin/devices`. With `query` what is found is on it. */
export const DEVICES_PAGE: Page = {
  path: PATH,
  title: TEXT.title,
  menu: TEXT.title,
  permission: 'view',
  async render(visit) {
    const query = (visit.query.get('query') ?? '').trim().slice(0, 512);
    const search = searchForm(PATH, { button: TEXT.find, body: searchField(query) });
    if (query !== '') return html`${search}${foundPart(await read(TRACE, visit, { query }), query, visit.now)}`;
    const { attempts } = await read(LIST, visit, { failed: true, limit: RECENT });
    const rows = table(TEXT.failed, { columns: recentColumns(visit.now), rows: attempts, empty: TEXT.noneFailed });
    return html`${search}${section(TEXT.failed, rows)}`;
  },
};

const searchField = (value: string): Html =>
  field({ name: 'query', label: TEXT.search, hint: TEXT.searchHint, value, kind: 'search', maxlength: 512 });

function foundPart({ trace, devices, silent, names = [] }: ShownLookUp, query: string, now: Date): Html {
  if (trace) return tracePart(trace, now);
  if (devices)
    return html`${section(TEXT.several, table(TEXT.severalOf(query), { columns: deviceColumns(now), rows: devices }))}
${silent && section(TEXT.silent(query), verdictPart(silent))}`;
  if (names.length === 0) return notice('neutral', html`<p>${TEXT.nothing}</p><p>${TEXT.nothingWhy}</p>`);
  return html`<p>${TEXT.begins}</p><ul>${names.map((name) => html`<li>${toDevice(name, name)}</li>`)}</ul>`;
}

const toDevice = (name: string, words: string): Html => html`<a href="${link(PATH, { query: name })}">${words}</a>`;

const toCertificate = (serial: string): Html =>
  html`<a href="${link('/admin/certificate', { serial })}"><code>${serial}</code></a>`;

const tracePart = (trace: ShownTrace, now: Date): Html =>
  html`<h2>${trace.label}</h2>
${verdictPart(trace)}
${section(TEXT.steps, table(TEXT.steps, { columns: stepColumns(now), rows: trace.steps }))}`;

const STATES: Readonly<Record<ShownTrace['verdict']['state'], Look>> = {
  issued: 'good',
  waiting: 'waiting',
  refused: 'bad',
  silent: 'attention',
  nothing: 'neutral',
};

function verdictPart({ verdict: { state, sure, what, remedy, checks } }: ShownTrace): Html {
  const list =
    checks.length > 0 && html`<p>${TEXT.checks}</p><ol>${checks.map((check) => html`<li>${check}</li>`)}</ol>`;
  return notice(
    STATES[state],
    html`<p><strong>${TEXT.states[state]}.</strong> ${!sure && html`${TEXT.likely} `}${what}</p>
${remedy !== undefined && html`<p><strong>${TEXT.todo}</strong> ${remedy}</p>`}${list}`,
  );
}

const OUTCOMES: Readonly<Record<string, Look>> = {
  issued: 'good',
  repeated: 'good',
  found: 'good',
  refused: 'bad',
  failed: 'bad',
  pending: 'waiting',
  deferred: 'waiting',
};

const outcome = ({ outcome: name }: ShownStep): Html => badge(OUTCOMES[name] ?? 'neutral', TEXT.outcomes[name] ?? name);

const deviceColumns = (now: Date): readonly Column<ShownDevice>[] => [
  { head: TEXT.device, cell: ({ name, label }) => toDevice(name, label) },
  { head: TEXT.last, cell: ({ at }) => moment(new Date(at), now) },
  { head: TEXT.outcome, cell: ({ last }) => outcome(last) },
  { head: TEXT.whyAlone, cell: ({ last }) => last.what },
  { head: TEXT.requests, numeric: true, cell: ({ attempts }) => attempts },
];

const request = ({ messageType, operation, times }: ShownStep): Html =>
  html`${messageType ?? operation}${times > 1 && TEXT.times(times)}`;

const stepColumns = (now: Date): readonly Column<ShownStep>[] => [
  { head: TEXT.time, cell: ({ at, ms }) => html`${moment(new Date(at), now)}<br>${TEXT.took(ms)}` },
  { head: TEXT.request, cell: request },
  { head: TEXT.outcome, cell: outcome },
  { head: TEXT.why, cell: reasons },
  { head: TEXT.from, cell: origin },
];

function reasons(step: ShownStep): Html {
  const { joined, code, what, detail, reason, remedy, intuneCode, clientRequestId, activityId, serial, transactionId } =
    step;
  // Where `what` names the code of Intune, the detail is its meaning and its remedy once more.
  const said = intuneCode !== undefined && what?.includes(intuneCode);
  const lines = [
    joined === 'address' && TEXT.sameAddress,
    what !== undefined && html`<strong>${what}</strong>${code !== undefined && html` <code>${code}</code>`}`,
    ...(said ? [] : [detail ?? reason, intuneCode !== undefined && TEXT.intune(intuneCode)]),
    clientRequestId !== undefined && html`${TEXT.call} ${copyable(clientRequestId)}`,
    activityId !== undefined && html`${TEXT.activity} ${copyable(activityId)}`,
    serial !== undefined && html`${TEXT.serial} ${toCertificate(serial)}`,
    transactionId !== undefined && html`${TEXT.transaction} ${copyable(transactionId)}`,
    remedy !== undefined && html`<strong>${TEXT.todo}</strong> ${remedy}`,
  ];
  return html`${lines.filter((each) => each !== false && each !== undefined).map((each) => html`<div>${each}</div>`)}`;
}

const origin = ({ address, userAgent, endpoint }: ShownStep): Html =>
  html`${toDevice(address, address)}<br>${endpoint}${userAgent !== undefined && html`<br><span class="muted">${userAgent}</span>`}`;

const recentColumns = (now: Date): readonly Column<ShownStep>[] => [
  { head: TEXT.device, cell: (step) => toDevice(nameOf(step), step.subject ?? step.address) },
  { head: TEXT.time, cell: ({ at }) => moment(new Date(at), now) },
  { head: TEXT.request, cell: request },
  { head: TEXT.outcome, cell: outcome },
  { head: TEXT.whyAlone, cell: ({ what, code }) => html`${what} ${code !== undefined && html`<code>${code}</code>`}` },
];

/** What finds it again. */
const nameOf = ({ names, transactionId, address }: ShownStep): string =>
  names.find(({ kind }) => kind === 'cn')?.value ?? names[0]?.value ?? transactionId ?? address;
