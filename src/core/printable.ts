/** Untrusted text as people and programs may read it. */

/**
 * Untrusted text, such as the names in a request, with every control, format and unassigned character written as
 * `\u{1b}`, so that it cannot control the administrator's terminal.
 */
export const printable = (text: string): string =>
  text.replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** The value as JSON in one line, in which `printable` would change nothing: what JSON does not escape by itself is escaped. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(/\p{C}/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escapedUnit(character.charCodeAt(at))).join(''),
  );

const escapedUnit = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
