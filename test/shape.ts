/** What the compiler's syntax trees say about the shape of src/: parameters, assertions, doc comments, exported types. */
import { join, sep } from 'node:path';
import type { Node, SourceFile } from 'typescript/unstable/ast';
import {
  isArrowFunction,
  isConstructorDeclaration,
  isExportKeyword,
  isFunctionDeclaration,
  isFunctionExpression,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isNonNullExpression,
  isTypeAliasDeclaration,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

/** `where` is `path:line` below src/. */
export type Place = { where: string; name: string };

/** Everything that the rules look at. */
export type Shape = {
  /** Functions, methods and constructors with more than four parameters. */
  manyParameters: Place[];
  /** Non-null assertions: `value!`. */
  assertions: Place[];
  /** Exported statements without a doc comment before them. */
  undocumented: Place[];
  /** Exported types and interfaces. */
  types: Place[];
};

const ROOT = join(import.meta.dirname, '..');
const SRC = `${join(ROOT, 'src').split(sep).join('/')}/`;
const MOST_PARAMETERS = 4;
const FUNCTIONS = [
  isArrowFunction,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
];

/** Reads every file of src/ with the compiler of this checkout. */
export function shapeOfSource(): Shape {
  const api = new API({ cwd: ROOT });
  const shape: Shape = { manyParameters: [], assertions: [], undocumented: [], types: [] };
  try {
    const { program } = api.updateSnapshot({ openProjects: ['tsconfig.json'] }).getProjects()[0]!;
    for (const name of program.getSourceFileNames().filter((file) => file.startsWith(SRC)))
      look(program.getSourceFile(name)!, name.slice(SRC.length), shape);
    return shape;
  } finally {
    api.close();
  }
}

function look(file: SourceFile, path: string, shape: Shape): void {
  const place = (node: Node, name: string): Place => ({
    where: `${path}:${file.text.slice(0, node.getStart(file)).split('\n').length}`,
    name,
  });
  const visit = (node: Node): void => {
    if (FUNCTIONS.some((is) => is(node)) && (node as unknown as Parameters).parameters.length > MOST_PARAMETERS)
      shape.manyParameters.push(place(node, firstLine(node, file)));
    if (isNonNullExpression(node)) shape.assertions.push(place(node, firstLine(node, file)));
    node.forEachChild(visit);
  };
  visit(file);
  file.forEachChild((statement) => {
    if (!isExported(statement)) return;
    const name = firstLine(statement, file);
    if (isTypeAliasDeclaration(statement) || isInterfaceDeclaration(statement))
      shape.types.push(place(statement, statement.name.text));
    if (!/\*\/\s*$/.test(file.text.slice(0, statement.getStart(file)))) shape.undocumented.push(place(statement, name));
  });
}

type Parameters = { parameters: readonly unknown[] };
type Modified = { modifiers?: readonly Node[] };

const isExported = (statement: Node): boolean =>
  ((statement as unknown as Modified).modifiers ?? []).some((modifier) => isExportKeyword(modifier));

const firstLine = (node: Node, file: SourceFile): string =>
  file.text.slice(node.getStart(file), node.end).split('\n')[0]!.slice(0, 80);
