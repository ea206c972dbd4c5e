/** docs/intune.md: written by hand, with tables of codes that are made from the tables of intune/. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INTUNE_CODES } from '../intune/answer-codes.ts';
import { ENTRA_CODES } from '../intune/entra-faults.ts';

type CodeTable = Readonly<Record<string, { meaning: string; remedy: string }>>;

/** By the name in the markers. */
const TABLES: Readonly<Record<string, { heading: string; codes: CodeTable }>> = {
  'codes of Intune': { heading: 'Code', codes: INTUNE_CODES },
  'codes of Entra ID': { heading: 'Entra code', codes: ENTRA_CODES },
};

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'intune.md');

/** The page as it should be: the file in docs/ with new tables. Throws when the file has no markers for a table. */
export const intuneMarkdown = (): string => withTables(readFileSync(PAGE, 'utf8'));

/** The page with everything between the markers of each table replaced. Throws when markers are missing. */
export function withTables(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, { heading, codes }]) => {
    const [begin, end] = [`<!-- generated: ${name} -->\n`, '<!-- end -->\n'];
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`docs/intune.md: no markers for the ${name}`);
    return `${text.slice(0, from)}${begin}${markdownTable(heading, codes)}${text.slice(to)}`;
  }, page);
}

function markdownTable(heading: string, codes: CodeTable): string {
  const rows = Object.entries(codes).map(([code, { meaning, remedy }]) => `| \`${code}\` | ${meaning} | ${remedy} |`);
  return `${[`| ${heading} | Meaning | What to do |`, '|---|---|---|', ...rows].join('\n')}\n`;
}
