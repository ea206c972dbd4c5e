/** What commands print: words for people, JSON where it is asked for. */

/** Where a command writes: standard output, and standard error for what is not the answer. */
export type Output = { out: (line: string) => void; err: (line: string) => void };

export const standardOutput: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};

/**
 * Text that others chose, such as the names in a request, with every control, format and unassigned character as
 * `\u{1b}`: it must not speak to the terminal of the administrator.
 */
export const printable = (text: string): string =>
  text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** Columns as wide as their widest cell, two spaces apart; every cell is made `printable`. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
