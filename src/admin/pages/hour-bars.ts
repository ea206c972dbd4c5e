/** A chart of bars, drawn on the server: one bar for each hour, a part of it for each outcome. A table has the same for who does not see it. */
import type { ChartHour } from '../../actions/hour-chart.ts';
import { html, type Html } from './html.ts';
import { OVERVIEW_TEXTS } from './overview-texts.ts';
import { section } from './page-parts.ts';
import { type Column, table } from './table-part.ts';

const TEXT = OVERVIEW_TEXTS.chart;
/** From the bottom of a bar to its top. */
const OUTCOMES = ['issued', 'waiting', 'refused'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** In units of the drawing: narrow enough for the words to be read at the width of a phone. */
const WIDE = 480;
const HIGH = 150;
const LEFT = 38;
const TOP = 12;
const BASE = 128;
const SLOT = (WIDE - LEFT) / 24;
const BAR = SLOT - 5;
/** Hours between two words below the chart. */
const LABELED = 6;

/** What is in it, in words; then the drawing, and the table below it. */
export function hourBars(hours: readonly ChartHour[]): Html {
  const totals = OUTCOMES.map((outcome) => ({ outcome, total: sum(hours.map((hour) => hour[outcome])) }));
  if (sum(totals.map(({ total }) => total)) === 0) return section(TEXT.title, html`<p class="empty">${TEXT.empty}</p>`);
  return section(TEXT.title, [
    html`<ul class="legend">${totals.map(({ outcome, total }) => legendItem(outcome, total))}</ul>`,
    drawing(hours),
    html`<details><summary>${TEXT.asTable}</summary>
${table(TEXT.title, { columns: COLUMNS, rows: hours.toReversed() })}</details>`,
  ]);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** Outcomes differ by a pattern of lines too, for who does not see the colour. */
const legendItem = (outcome: Outcome, total: number): Html =>
  html`<li><svg viewBox="0 0 12 12" aria-hidden="true">${block(outcome, { x: 0, y: 0, width: 12, height: 12 })}</svg>${TEXT.outcomes[outcome]}: ${total.toLocaleString('en')}</li>
`;

type Place = { x: number; y: number; width: number; height: number };

function block(outcome: Outcome, { x, y, width, height }: Place): Html {
  const [left, top, wide, high] = [x, y, width, height].map(rounded);
  return html`<rect class="${outcome}" x="${left}" y="${top}" width="${wide}" height="${high}"/>${marks(outcome, { x, y, width, height })}`;
}

/** Issued is plain, refused is crossed by lines, and what waits has a gap along its middle. */
function marks(outcome: Outcome, { x, y, width, height }: Place): Html | false {
  if (outcome === 'issued') return false;
  const [left, right, middle] = [x, x + width, x + width / 2].map(rounded);
  const lines =
    outcome === 'waiting'
      ? `M${middle} ${rounded(y)}V${rounded(y + height)}`
      : Array.from({ length: Math.floor(height / 4) }, (_, at) => `M${left} ${rounded(y + 4 * at + 2)}H${right}`).join(
          '',
        );
  return html`<path class="stripes" d="${lines}"/>`;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

function drawing(hours: readonly ChartHour[]): Html {
  const most = scaleFor(Math.max(...hours.map((hour) => sum(OUTCOMES.map((outcome) => hour[outcome])))));
  return html`<svg class="chart" viewBox="0 0 ${WIDE} ${HIGH}" role="img" aria-label="${TEXT.drawn}">
${[0, most / 2, most].map((number) => line(number, most))}
${hours.map((hour, at) => bar(hour, at, most))}
</svg>
`;
}

/** The top of the scale: 2, 4, 10, 20, 40, 100 and so on, so that its half is a whole number too. */
function scaleFor(most: number): number {
  for (let tens = 1; ; tens *= 10) for (const each of [2, 4, 10]) if (each * tens >= most) return each * tens;
}

const heightOf = (number: number, most: number): number => (number / most) * (BASE - TOP);

function line(number: number, most: number): Html {
  const y = rounded(BASE - heightOf(number, most));
  return html`<line class="axis" x1="${LEFT}" x2="${WIDE}" y1="${y}" y2="${y}"/><text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${short(number)}</text>
`;
}

const short = (number: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(number);

function bar(hour: ChartHour, at: number, most: number): Html {
  const x = LEFT + at * SLOT + (SLOT - BAR) / 2;
  let y = BASE;
  const parts = OUTCOMES.filter((outcome) => hour[outcome] > 0).map((outcome) => {
    const height = heightOf(hour[outcome], most);
    y -= height;
    return block(outcome, { x, y, width: BAR, height });
  });
  const label =
    at % LABELED === 0 &&
    html`<text x="${rounded(x + BAR / 2)}" y="${BASE + 16}" text-anchor="middle">${clock(hour)}</text>`;
  return html`<g><title>${inWords(hour)}</title>${parts}${label}</g>
`;
}

const clock = ({ hour }: ChartHour): string => hour.slice(11, 16);

const inWords = (hour: ChartHour): string =>
  `${clock(hour)}: ${OUTCOMES.map((outcome) => `${hour[outcome]} ${TEXT.outcomes[outcome].toLowerCase()}`).join(', ')}`;

const COLUMNS: readonly Column<ChartHour>[] = [
  { head: TEXT.hour, cell: ({ hour }) => `${hour.slice(0, 10)} ${hour.slice(11, 16)}` },
  ...OUTCOMES.map((outcome) => ({
    head: TEXT.outcomes[outcome],
    cell: (hour: ChartHour) => hour[outcome].toLocaleString('en'),
    numeric: true,
  })),
];
