/** Tables of the pages. At the width of a phone each row becomes a card, with the head of each column beside its value. */
import { type Piece, html, type Html } from './html.ts';
import { TEXTS } from './texts.ts';

/** `numeric` aligns digits. The first column is the head of its row. */
export type Column<T> = { head: string; cell: (row: T) => Piece; numeric?: boolean };

/** A table with its caption. Without rows it is a sentence, `empty`. */
export function table<T>(
  caption: string,
  { columns, rows, empty = TEXTS.empty }: { columns: readonly Column<T>[]; rows: readonly T[]; empty?: string },
): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const heads = columns.map(
    ({ head, numeric }) => html`<th role="columnheader" scope="col"${numeric && html` class="numeric"`}>${head}</th>`,
  );
  const lines = rows.map(
    (row) => html`<tr role="row">${columns.map((column, at) => cell(column, row, at === 0))}</tr>
`,
  );
  return html`<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">
${lines}</tbody></table>`;
}

function cell<T>({ head, cell, numeric }: Column<T>, row: T, first: boolean): Html {
  const classes = numeric ? html` class="numeric"` : '';
  return first
    ? html`<th role="rowheader" scope="row" data-head="${head}"${classes}>${cell(row)}</th>`
    : html`<td role="cell" data-head="${head}"${classes}>${cell(row)}</td>`;
}

/** Links to the first and to the next page of a list. */
export const pager = ({ first, next }: { first?: string | undefined; next?: string | undefined }): Html =>
  html`<p class="pager">${first !== undefined && html`<a href="${first}">${TEXTS.first}</a>`}
${next !== undefined && html`<a href="${next}" rel="next">${TEXTS.next}</a>`}</p>`;
