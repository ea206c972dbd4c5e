/** What a tested request would get, as a page. */
import type { RequestCheck, TestedAt, TestedRequest } from '../../actions/endpoint-view.ts';
import { ENDPOINTS_TEXTS as TEXT } from './endpoints-texts.ts';
import { html, type Html, type Piece } from './html.ts';
import { badge, facts, type Look, moment, section } from './page-parts.ts';
import type { PagePath } from './page-row.ts';
import { type Column, table } from './table-part.ts';

const VERDICTS: Readonly<Record<TestedAt['verdict'], Look>> = {
  issued: 'good',
  waits: 'waiting',
  depends: 'neutral',
  refused: 'bad',
};
const CHECKS: Readonly<Record<RequestCheck['verdict'], Look>> = {
  PASS: 'good',
  'PASS-WITH-WARNINGS': 'attention',
  FAIL: 'bad',
  'NOT-RUN': 'neutral',
};

/** `again`: the page where another one can be tested. */
export const testedPage = (tested: TestedRequest, { now, again }: { now: Date; again: PagePath }): Html =>
  html`${section(
    TEXT.request,
    facts([
      [TEXT.kind, tested.kind],
      [TEXT.subject, tested.subject],
      [TEXT.requestKey, tested.key],
      [TEXT.names, tested.subjectAltName?.join(', ')],
      [TEXT.challenge, tested.challenge],
    ]),
  )}
${tested.endpoints.map((each) => endpointPart(each, now))}
<p><a href="${again}">${TEXT.again}</a></p>`;

function endpointPart(tested: TestedAt, now: Date): Html {
  const { endpoint, verdict, profile, checks, certificate } = tested;
  return section(endpoint, [
    html`<p>${badge(VERDICTS[verdict], TEXT.verdicts[verdict])} <span class="muted">${TEXT.profile}: ${profile}</span></p>`,
    checkTable(endpoint, checks),
    certificate && html`<h3>${TEXT.certificate}</h3>${certificateFacts(tested, certificate, now)}`,
  ]);
}

function checkTable(endpoint: string, rows: readonly RequestCheck[]): Html {
  const columns: readonly Column<RequestCheck>[] = [
    { head: TEXT.check, cell: ({ check }) => check },
    { head: TEXT.verdict, cell: ({ verdict }) => badge(CHECKS[verdict], verdict) },
    { head: TEXT.found, cell: ({ text, code }) => html`${text}${code !== undefined && html` <code>${code}</code>`}` },
    { head: TEXT.remedy, cell: ({ remedy }) => remedy },
  ];
  return table(`${endpoint}: ${TEXT.checks}`, { columns, rows });
}

const certificateFacts = (
  { notGranted }: TestedAt,
  certificate: NonNullable<TestedAt['certificate']>,
  now: Date,
): Html =>
  facts([
    [TEXT.subject, certificate.subject],
    [TEXT.requestKey, certificate.key],
    [TEXT.begins, moment(new Date(certificate.notBefore), now)],
    [TEXT.ends, moment(new Date(certificate.notAfter), now)],
    [TEXT.keyUsage, listed(certificate.keyUsage)],
    [TEXT.extendedKeyUsage, listed(certificate.extendedKeyUsage)],
    [TEXT.subjectAltName, listed(certificate.subjectAltName)],
    [TEXT.otherExtensions, listed(certificate.otherExtensions)],
    [
      TEXT.notGranted,
      Object.entries(notGranted)
        .map(([name, values]) => `${name}: ${values.join(', ')}`)
        .join('; '),
    ],
  ]);

const listed = (values: readonly string[]): Piece => values.join(', ') || TEXT.none;
