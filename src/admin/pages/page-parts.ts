/** Parts of pages: state, time, identifiers, lists of facts, cards. */
import { DAY, HOUR, MINUTE, SECOND } from '../../core/durations.ts';
import { type Piece, html, type Html } from './html.ts';
import { TEXTS } from './texts.ts';

/** How something stands; each has a colour, a shape and words. */
export type Look = 'good' | 'attention' | 'bad' | 'waiting' | 'neutral';

const SHAPES: Readonly<Record<Look, string>> = { good: '✓', attention: '▲', bad: '✕', waiting: '◷', neutral: '•' };

/** A state in words, with a shape for those who do not see the colour. */
export const badge = (standing: Look, words: string): Html =>
  html`<span class="badge ${standing}"><span class="shape" aria-hidden="true">${SHAPES[standing]}</span> ${words}</span>`;

/** Something to read before the rest. `alert` is read out at once. */
export const notice = (standing: Look, content: Piece, role: 'status' | 'alert' = 'status'): Html =>
  html`<div class="notice ${standing}" role="${role}">
<span class="shape" aria-hidden="true">${SHAPES[standing]}</span><div>${content}</div></div>`;

/** An identifier, which a click copies where there is a script. */
export const copyable = (text: string): Html => html`<code class="copyable" data-copy>${text}</code>`;

const SMALLEST = { from: SECOND, ms: SECOND, ...TEXTS.second };
/** The largest first; `from`: from which length on it is used. */
const UNITS = [
  { from: 2 * 365 * DAY, ms: 365 * DAY, ...TEXTS.year },
  { from: DAY, ms: DAY, ...TEXTS.day },
  { from: HOUR, ms: HOUR, ...TEXTS.hour },
  { from: MINUTE, ms: MINUTE, ...TEXTS.minute },
  SMALLEST,
];

/** `3 hours`, from milliseconds: the largest unit that fits, rounded down. */
export function lengthOf(ms: number): string {
  const unit = UNITS.find(({ from }) => ms >= from) ?? SMALLEST;
  const count = Math.floor(ms / unit.ms);
  return `${count} ${count === 1 ? unit.one : unit.many}`;
}

/** A time as it is read: `2026-11-27 21:44:47`, which is UTC. */
export const absolute = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ');

/** A sentence of the log, with its times as pages write them. */
export const readable = (text: string): string =>
  text.replaceAll(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}Z/g, '$1 $2');

/** A path, which may go on in the next line after each slash and nowhere else. */
export const breakable = (path: string): Piece => path.split(/(?<=\/)/).map((part) => html`${part}<wbr>`);

/** A time relative to now: `3 hours ago`, `in 12 days`. */
export function relative(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  if (Math.abs(ms) < SECOND) return TEXTS.just;
  return ms < 0 ? TEXTS.ago(lengthOf(-ms)) : TEXTS.in(lengthOf(ms));
}

/** A time, absolute and relative. */
export const moment = (at: Date, now: Date): Html =>
  html`<time class="moment" datetime="${at.toISOString()}">${absolute(at)}
<span class="relative">${relative(at, now)}</span></time>`;

/** Facts with their names. What has no value is left out. */
export function facts(rows: readonly (readonly [name: string, value: Piece])[]): Html {
  const given = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return html`<dl class="facts">${given.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A part of a page with a heading. `id` makes it a target of links. */
export const section = (title: string, body: Piece, id?: string): Html =>
  html`<section class="card"${id !== undefined && html` id="${id}"`}><h2>${title}</h2>${body}</section>`;

/** A number, or the least that it is. */
export type Counted = number | { number: number; more: boolean };

/** A number with its name: `12 requests wait`; with a plus sign when there are more. */
export function figure(count: Counted, words: string, href?: string): Html {
  const { number, more } = typeof count === 'number' ? { number: count, more: false } : count;
  const shown = `${number.toLocaleString('en')}${more ? '+' : ''}`;
  const inside = html`<span class="count">${shown}</span> <span class="words">${words}</span>`;
  return href === undefined
    ? html`<div class="figure">${inside}</div>`
    : html`<a class="figure" href="${href}">${inside}</a>`;
}
