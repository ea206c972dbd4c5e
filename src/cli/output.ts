/** What commands print: text for people, or JSON with --json. */

import type { StoredProposal } from '../core/proposal-store.ts';
import { printable } from '../core/printable.ts';

/**
 * Where a command writes lines: the result to standard output, everything else to standard error. `words`: the command
 * line. `confirmed`: what another person proposed, when this is the command of it.
 */
export type Output = {
  out: (line: string) => void;
  err: (line: string) => void;
  words?: readonly string[];
  confirmed?: { proposal: StoredProposal; digest: string };
};

/** The streams of this process. */
export const standardOutput: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};

/** See core/printable.ts. */
export { jsonText, printable } from '../core/printable.ts';

/** As `printable`, for text in lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** A number of things for people: with a comma after each three digits. */
export const counted = (number: number): string => number.toLocaleString('en-US');

/** Columns as wide as their widest cell, two spaces apart; every cell is made `printable`. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
