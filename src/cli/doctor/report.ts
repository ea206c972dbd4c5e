/** The findings of `doctor` as text, as JSON and as one page of HTML. */
import { actionPlan, verdictOf } from './action-plan.ts';
import { CAUSES, GROUPS, type ProbeFinding, type Verdict } from './doctor-probe.ts';
import { escaped } from './html-text.ts';

/** The findings of one run, and when it was. */
export type Report = { version: string; madeAt: Date; findings: readonly ProbeFinding[] };

const groupsOf = (findings: readonly ProbeFinding[]): (readonly [title: string, findings: readonly ProbeFinding[]])[] =>
  Object.entries(GROUPS)
    .map(([group, title]) => [title, findings.filter((each) => each.group === group)] as const)
    .filter(([, found]) => found.length > 0);

const WIDTH = 'PASS-WITH-WARNINGS'.length;

/** Lines for a terminal: all findings, the plan, and the verdict last. */
export function textReport({ version, madeAt, findings }: Report): string {
  const groups = groupsOf(findings).flatMap(([title, found]) => ['', title, ...found.flatMap(linesOf)]);
  return [
    `openndes doctor ${version}, ${madeAt.toISOString()}`,
    ...groups,
    ...planLines(findings),
    verdictLine(findings),
  ].join('\n');
}

const linesOf = ({ verdict, title, text, details }: ProbeFinding): string[] => [
  `  ${verdict.padEnd(WIDTH)}  ${title}: ${text}`,
  ...details.map((each) => `  ${' '.repeat(WIDTH)}  - ${each}`),
];

function planLines(findings: readonly ProbeFinding[]): string[] {
  const plan = actionPlan(findings);
  if (plan.length === 0) return [];
  const steps = plan.flatMap((each, index) => [
    `${index + 1}. ${each.verdict}, ${each.title}: ${each.text}`,
    ...(each.cause ? [`   Cause: ${CAUSES[each.cause]}.`] : []),
    `   Remedy: ${each.remedy}`,
  ]);
  return ['', 'Action plan, the most important first', ...steps];
}

const verdictLine = (findings: readonly ProbeFinding[]): string => `\nVerdict: ${verdictOf(findings)}`;

/** One JSON object. `plan` has the ids of findings, the most important first. */
export const jsonReport = ({ version, madeAt, findings }: Report): string =>
  JSON.stringify({
    verdict: verdictOf(findings),
    version,
    madeAt: madeAt.toISOString(),
    findings,
    plan: actionPlan(findings).map(({ id, cause, text, remedy }) => ({ id, cause, text, remedy })),
  });

const COLORS: Readonly<Record<Verdict | 'NOT-RUN', string>> = {
  PASS: '#1a6b2f',
  'PASS-WITH-WARNINGS': '#8a5a00',
  FAIL: '#a4161a',
  'NOT-RUN': '#555',
};

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}' +
  'td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-top:1px solid #ddd}table{border-collapse:collapse;width:100%}' +
  'b{white-space:nowrap}ul{margin:.2rem 0;padding-left:1.2rem;font-size:.9em}';

const word = (verdict: ProbeFinding['verdict']): string => `<b style="color:${COLORS[verdict]}">${verdict}</b>`;

/** How each page begins. */
export const HTML_BEGINNING = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>openndes doctor ';

/** One page that loads nothing: no script, no picture, no font. `more`: markup that stands last. */
export function htmlReport({ version, madeAt, findings }: Report, more = ''): string {
  const groups = groupsOf(findings).map(
    ([name, found]) => `<h2>${escaped(name)}</h2>\n<table>${found.map(rowOf).join('\n')}</table>`,
  );
  return [
    `${HTML_BEGINNING}${escaped(version)}</title>`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>`,
    `<h1>openndes doctor ${escaped(version)}</h1>\n<p>${madeAt.toISOString()}</p>\n<p>Verdict: ${word(verdictOf(findings))}</p>`,
    planHtml(findings),
    ...groups,
    ...(more === '' ? [] : [more]),
    '</body></html>\n',
  ].join('\n');
}

const rowOf = ({ verdict, title, text, details }: ProbeFinding): string => {
  const list = details.map((each) => `<li>${escaped(each)}</li>`).join('');
  return `<tr><td>${word(verdict)}</td><td>${escaped(title)}: ${escaped(text)}${list && `<ul>${list}</ul>`}</td></tr>`;
};

function planHtml(findings: readonly ProbeFinding[]): string {
  const steps = actionPlan(findings).map(({ verdict, title, text, cause, remedy = '' }) => {
    const named = cause ? `<br>Cause: ${escaped(CAUSES[cause])}.` : '';
    return `<li>${word(verdict)} ${escaped(title)}: ${escaped(text)}${named}<br>Remedy: ${escaped(remedy)}</li>`;
  });
  return steps.length === 0 ? '' : `<h2>Action plan</h2>\n<ol>${steps.join('\n')}</ol>`;
}
