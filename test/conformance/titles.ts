/** Which cases a title names, and the titles that the files of test/ contain. */

const CASES_FIRST = /^[A-Z]\d\d(?: [A-Z]\d\d)*(?![\w])/;

/** The cases at the beginning of a title, as in `E12 Q04 garbage for a CSR`. */
export const casesOf = (title: string): string[] => CASES_FIRST.exec(title)?.[0].split(' ') ?? [];

/** The cases that a title names behind other words, as in `GetCACaps, S07 and no challenge`, where they are not counted. */
export const casesBehind = (title: string): string[] =>
  title.replace(CASES_FIRST, '').match(/(?<!\w)[A-Z]\d\d(?!\w)/g) ?? [];

// Strings and templates on one line that begin as a title with cases does; a template may have strings in its holes, and
// takes its cases from data where its first hole says `cases`.
const LITERALS =
  /'(?<single>[A-Z]\d\d(?!\w)(?:\\.|[^'\\\n])*)'|`(?<template>(?:[A-Z]\d\d(?!\w)|\$\{[^}\n]*\bcases\b[^}\n]*\})(?:\\.|\$\{[^}\n]*\}|[^`\\\n])*)`|"(?<double>[A-Z]\d\d(?!\w)(?:\\.|[^"\\\n])*)"/g;

/** A title as it stands in a file: its literal parts, between which something is put when the test is declared. */
export type StaticTitle = readonly string[];

/** The titles with cases that a source contains. */
export const staticTitles = (source: string): StaticTitle[] =>
  [...source.matchAll(LITERALS)].map(({ groups = {} }) => {
    const { template } = groups;
    const parts =
      template === undefined ? [groups['single'] ?? groups['double'] ?? ''] : template.split(/\$\{[^}\n]*\}/);
    return parts.map((part) => part.replace(/\\(.)/g, '$1'));
  });

/**
 * Whether a test of this title comes from there. The literal parts have to occur in their order, the first one at the
 * beginning; what is put behind the last one is free, because a row of a table is often only the first half of a title.
 */
export function declares([first = '', ...others]: StaticTitle, title: string): boolean {
  if (!title.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = title.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
