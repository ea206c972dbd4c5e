/** Which types the declarations of the package name, and which of them can be imported. Reads built .d.ts files. */
import { API, type Checker, type Project, type Symbol } from 'typescript/unstable/sync';
import type { Node } from 'typescript/unstable/ast';
import { isExpressionWithTypeArguments, isImportTypeNode, isTypeReferenceNode } from 'typescript/unstable/ast/is';

/** Declarations: everything under `dir` is ours. `tsconfig` has `entries` among its files. Absolute paths with `/`. */
export type Declarations = { dir: string; tsconfig: string; entries: readonly string[] };

/** `Name of its .d.ts file` for each type that an exported declaration names and no entry point exports; sorted. */
export function unexportedTypes({ dir, tsconfig, entries }: Declarations): string[] {
  const api = new API({ cwd: dir });
  try {
    const project = api.updateSnapshot({ openProjects: [tsconfig] }).getProject(tsconfig);
    if (!project) throw new Error(`${tsconfig} is no project`);
    const exported = entries.flatMap((entry) => exportsOf(project, entry));
    const known = new Set(exported.flatMap(keysOf));
    const named = exported.flatMap((symbol) => symbolsIn(project, symbol));
    const missing = named.filter(
      (symbol) => isOurs(symbol, dir) && !keysOf(symbol).some((key) => known.has(key)) && !isTypeParameter(symbol),
    );
    return [
      ...new Set(missing.map((symbol) => `${symbol.name} of ${symbol.declarations[0]?.path.slice(dir.length)}`)),
    ].toSorted();
  } finally {
    api.close();
  }
}

function exportsOf({ program, checker }: Project, entry: string): Symbol[] {
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`${entry} is no module of the project`);
  return checker.getExportsOfModule(module).map((symbol) => resolved(checker, symbol));
}

/** SymbolFlags.Alias and SymbolFlags.TypeParameter of the compiler. */
const ALIAS = 1 << 21;
const TYPE_PARAMETER = 1 << 18;

const resolved = (checker: Checker, symbol: Symbol): Symbol =>
  symbol.flags & ALIAS ? checker.getAliasedSymbol(symbol) : symbol;
const isTypeParameter = ({ flags }: Symbol): boolean => (flags & TYPE_PARAMETER) !== 0;
const isOurs = ({ declarations }: Symbol, dir: string): boolean =>
  declarations.some(({ path }) => path.startsWith(`${dir}/`));
const keysOf = ({ declarations }: Symbol): string[] => declarations.map(({ path, index }) => `${path}:${index}`);

/** Every symbol that a type in the declarations of this one names. */
function symbolsIn(project: Project, symbol: Symbol): Symbol[] {
  const nodes = symbol.declarations.flatMap((handle) => handle.resolve(project) ?? []);
  return nodes.flatMap(typeNames).flatMap((name) => {
    const found = project.checker.getSymbolAtLocation(name);
    return found ? [resolved(project.checker, found)] : [];
  });
}

function typeNames(node: Node): Node[] {
  const names = nameIn(node);
  node.forEachChild((child) => void names.push(...typeNames(child)));
  return names;
}

function nameIn(node: Node): Node[] {
  if (isTypeReferenceNode(node)) return [node.typeName];
  if (isExpressionWithTypeArguments(node)) return [node.expression];
  return isImportTypeNode(node) && node.qualifier ? [node.qualifier] : [];
}
