/** The source files of this checkout, their mutants, and whether a mutant compiles: with the compiler of this checkout. */
import { join, sep } from 'node:path';
import type { Node, SourceFile } from 'typescript/unstable/ast';
import {
  isExportDeclaration,
  isImportDeclaration,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
  isTypeNode,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';
import { type Edit, OPERATORS } from './operators.ts';

/**
 * One change of one file. `file` is a path from the root of the repository. `before` and `after` are the changed lines with
 * single spaces, of long ones the beginning and the end; together with `file` they name the mutant.
 */
export type Mutant = { file: string; line: number; operator: string; before: string; after: string; edit: Edit };

export type MutantProgram = {
  /** All mutants of a file, in the order of the source, also those that do not compile. */
  mutants(file: string): Mutant[];
  compiles(mutant: Mutant): boolean;
  close(): void;
};

export const ROOT = join(import.meta.dirname, '../..');
/** Something is not used any more: the code does run. */
const UNUSED = [6133, 6138, 6192, 6196, 6198, 6199];
/** What is left out of the code that runs, and what only names another file. */
const NOT_RUN = [isTypeNode, isTypeAliasDeclaration, isInterfaceDeclaration, isImportDeclaration, isExportDeclaration];

const absolute = (file: string): string => `${ROOT.split(sep).join('/')}/${file}`;

export function openMutantProgram(): MutantProgram {
  let changed: { name: string; text: string } | undefined;
  const readFile = (name: string) => (name === changed?.name ? changed.text : undefined);
  const api = new API({ cwd: ROOT, fs: { readFile } });
  const original = api.updateSnapshot({ openProjects: ['tsconfig.json'] }).getProjects()[0]!.program;
  const source = (file: string) => original.getSourceFile(absolute(file))!;
  function compiles({ file, edit }: Mutant): boolean {
    const name = absolute(file);
    const touched = changed && changed.name !== name ? [changed.name, name] : [name];
    changed = { name, text: edited(source(file).text, edit) };
    using snapshot = api.updateSnapshot({ fileChanges: { changed: touched } });
    const now = snapshot.getProjects()[0]!.program;
    const errors = [...now.getSyntacticDiagnostics(name), ...now.getSemanticDiagnostics(name)];
    return errors.every(({ code }) => UNUSED.includes(code));
  }
  return { mutants: (file) => mutantsOf(source(file), file), compiles, close: () => api.close() };
}

export const edited = (text: string, { start, end, text: other }: Edit): string =>
  text.slice(0, start) + other + text.slice(end);

function mutantsOf(source: SourceFile, file: string): Mutant[] {
  const found: Mutant[] = [];
  const visit = (node: Node): void => {
    if (NOT_RUN.some((is) => is(node))) return;
    for (const { name, edits } of OPERATORS)
      for (const edit of edits(node, source)) found.push(mutant(source.text, { file, operator: name, edit }));
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

function mutant(text: string, change: Pick<Mutant, 'file' | 'operator' | 'edit'>): Mutant {
  const { start, end, text: other } = change.edit;
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end) === -1 ? text.length : text.indexOf('\n', end);
  return {
    ...change,
    line: text.slice(0, start).split('\n').length,
    before: short(text.slice(from, to)),
    after: short(text.slice(from, start) + other + text.slice(end, to)),
  };
}

function short(lines: string): string {
  const text = lines.replaceAll(/\s+/g, ' ').trim();
  return text.length > 200 ? `${text.slice(0, 120)} … ${text.slice(-60)}` : text;
}
