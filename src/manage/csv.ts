/** Comma-separated values (RFC 4180): read, and written so that a spreadsheet computes nothing of them. */
import { printable } from '../core/printable.ts';

/** The text, without the line end of its last record: `Output` writes that. Cells are made `printable`. */
export const csv = (rows: readonly (readonly string[])[]): string =>
  `${rows.map((row) => row.map((cell) => quoted(inert(printable(cell)))).join()).join('\r\n')}\r`;

/**
 * Spreadsheets take a cell that begins so for a formula, also after blanks. An apostrophe makes it text. In many languages
 * they separate with `;`, quoted or not, so what follows one can be a cell too.
 */
const FORMULA = /(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

const inert = (cell: string): string => cell.replace(FORMULA, "$1'");

const quoted = (cell: string): string => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The rows of a text, empty lines too. Spreadsheets in many languages separate with `;`. */
export function readCsv(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${separator}\r\n]*)(${separator}|\r\n|\r|\n|$)`, 'g');
  for (const [all, content = '', end] of text.matchAll(cell)) {
    row.push(content.startsWith('"') ? content.slice(1, -1).replaceAll('""', '"') : content);
    if (end === separator) continue;
    rows.push(row);
    row = [];
    if (all === '' || end === '') break;
  }
  return rows;
}
