/** docs/conformance.md: made from the cases and the tests that name them, and read back. */
import { CASES, type Case, CHAPTERS, NOT_PROVEN } from './cases.ts';
import type { ClientRun } from './real-clients.ts';
import type { Proof, Result } from './reporter.ts';
import { casesOf } from './titles.ts';

/** A test as the page cites it. */
export type Citation = { file: string; title: string };

/** What the page says of one case. */
export type Line = { id: string; requires: string; witness: string; cited: Citation[]; more: number; result: Outcome };
export type Outcome = Result | 'no test';

const CITED = 3;

/** The page; the same proofs give the same octets. `run`: that of the real clients which is among them. */
export function pageOf(proofs: readonly Proof[], run?: ClientRun): string {
  const lines = Object.entries(CASES).map(([id, one]) => lineOf(id, one, proofs));
  return [
    HEAD,
    ...(run ? [realClients(run)] : []),
    ...Object.entries(CHAPTERS).map(([letter, name]) => chapter(name, lines, letter)),
    decisions(),
    notProven(),
  ].join('\n');
}

const HEAD = `# Conformance

What a server in place of NDES must do, who requires it, and the tests that prove it. \`npm run conformance\` runs
the tests and writes this page; with \`-- --interop\` it runs the real clients first and keeps their results in
\`test/conformance/interop.jsonl\`. \`npm test\` compares this page with the tests that ran. It fails when a case has no
passing test, when a test of a case is skipped or \`todo\`, when a title names a case that is not here or names it behind
other words, and when the page cites other tests than those that ran.
`;

function realClients({ date, versions }: ClientRun): string {
  const rows = Object.entries(versions).map(([client, version]) => `| ${cell(client)} | ${cell(version)} |\n`);
  return `The real clients ran last on ${date}, in these versions:\n\n| Client | Version |\n|---|---|\n${rows.join('')}`;
}

function lineOf(id: string, { requires, witness }: Case, proofs: readonly Proof[]): Line {
  const mine = proofs.filter(({ titles }) => titles.some((title) => casesOf(title).includes(id)));
  const result = (['fail', 'pass', 'skip'] as const).find((one) => mine.some((proof) => proof.result === one));
  const citations = unique(mine.filter((proof) => proof.result === result).map(citationOf));
  const cited = spread(citations).slice(0, CITED);
  return { id, requires, witness, cited, more: citations.length - cited.length, result: result ?? 'no test' };
}

const citationOf = ({ file, titles }: Proof): Citation => ({ file, title: titles.join(' › ') });

const words = ({ file, title }: Citation): string => `${file} ${title}`;
const unique = (citations: readonly Citation[]): Citation[] =>
  [...new Map(citations.map((citation) => [words(citation), citation])).values()].toSorted((a, b) =>
    words(a) < words(b) ? -1 : 1,
  );

/** The first test of every file, then the second ones, and so on: many places say more than many rows of one table. */
function spread(citations: readonly Citation[]): Citation[] {
  const seen = new Map<string, number>();
  const ranked = citations.map((citation) => {
    const rank = seen.get(citation.file) ?? 0;
    seen.set(citation.file, rank + 1);
    return { citation, rank };
  });
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ citation }) => citation);
}

function chapter(name: string, lines: readonly Line[], letter: string): string {
  const rows = lines.filter(({ id }) => id.startsWith(letter)).map(rowOf);
  return `## ${name}\n\n| Case | Requirement | Clause or witness | Proven by | Result |\n|---|---|---|---|---|\n${rows.join('')}`;
}

function rowOf({ id, requires, witness, cited, more, result }: Line): string {
  const tests = cited.map(({ file, title }) => `[${file}](../${file}): ${cell(title)}`);
  const all = more > 0 ? [...tests, `and ${more} more`] : tests;
  return `| ${id} | ${cell(requires)} | ${cell(witness)} | ${all.join('<br>')} | ${result} |\n`;
}

function decisions(): string {
  const rows = Object.entries(CASES).flatMap(([id, { decision }]) =>
    decision ? [`| ${id} | ${cell(decision)} |\n`] : [],
  );
  return `## Where the case leaves a choice, or this product differs\n\n| Case | Here, and why |\n|---|---|\n${rows.join('')}`;
}

const notProven = (): string =>
  `## What is not proven here\n\n| What | Why |\n|---|---|\n${NOT_PROVEN.map(({ what, why }) => `| ${cell(what)} | ${cell(why)} |\n`).join('')}`;

// Titles may have anything in them; in a cell of a table it must be text.
const ESCAPED: Record<string, string> = {
  '|': '&#124;',
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '\n': '&#10;',
  '[': '&#91;',
  ']': '&#93;',
  '*': '&#42;',
  _: '&#95;',
  '\\': '&#92;',
};
const cell = (text: string): string => text.replace(/[|<>&\n[\]*_\\]/g, (character) => ESCAPED[character]!);
const uncell = (text: string): string =>
  Object.entries(ESCAPED)
    .reduce((left, [character, entity]) => (character === '&' ? left : left.replaceAll(entity, character)), text)
    .replaceAll('&amp;', '&');

const ROW =
  /^\| (?<id>[A-Z]\d\d) \| (?<requires>[^|]*) \| (?<witness>[^|]*) \| (?<tests>[^|]*) \| (?<result>[^|]*) \|$/gm;
const TEST = /^\[(?<file>[^\]]+)\]\([^)]*\): (?<title>.*)$/;

/** The lines of a page that `pageOf` made. */
export const readPage = (page: string): Line[] =>
  [...page.matchAll(ROW)].map(({ groups = {} }) => {
    const tests = (groups['tests'] ?? '').split('<br>');
    return {
      id: groups['id'] ?? '',
      requires: uncell(groups['requires'] ?? ''),
      witness: uncell(groups['witness'] ?? ''),
      cited: tests.flatMap(readCitation),
      more: Number(/^and (\d+) more$/.exec(tests.at(-1) ?? '')?.[1] ?? 0),
      result: groups['result'] as Outcome,
    };
  });

function readCitation(test: string): Citation[] {
  const { groups } = TEST.exec(test) ?? {};
  return groups ? [{ file: groups['file'] ?? '', title: uncell(groups['title'] ?? '') }] : [];
}
