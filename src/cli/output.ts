/** What commands print: text for people, or JSON with --json. */

/** Where a command writes lines: the result to standard output, everything else to standard error. */
export type Output = { out: (line: string) => void; err: (line: string) => void };

/** The streams of this process. */
export const standardOutput: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};

/**
 * Untrusted text, such as the names in a request, with every control, format and unassigned character written as
 * `\u{1b}`, so that it cannot control the administrator's terminal.
 */
export const printable = (text: string): string =>
  text.replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** As `printable`, for text in lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** The value as JSON in one line, in which `printable` would change nothing: what JSON does not escape by itself is escaped. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(/\p{C}/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escapedUnit(character.charCodeAt(at))).join(''),
  );

const escapedUnit = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;

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
