/** The mutation operators: which nodes of the syntax tree each of them changes, and to what. */
import type { Node, SourceFile } from 'typescript/unstable/ast';
import {
  isArrayLiteralExpression,
  isAwaitExpression,
  isBigIntLiteral,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isDoStatement,
  isExpressionStatement,
  isFalseLiteral,
  isForStatement,
  isIfStatement,
  isNewExpression,
  isNumericLiteral,
  isObjectLiteralExpression,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isStringLiteral,
  isThrowStatement,
  isTrueLiteral,
  isWhileStatement,
} from 'typescript/unstable/ast/is';
import { METHODS, TOKENS } from './swaps.table.ts';

/** Puts `text` in the place of the characters from `start` up to, not including, `end`. */
export type Edit = { start: number; end: number; text: string };

/** `edits` are the changes of this one node, not of the nodes in it. Each of them alone makes one mutant. */
export type Operator = { name: string; edits: (node: Node, file: SourceFile) => Edit[] };

/** A change that leaves code that does not compile is no mutant: the compiler sorts those out, so operators need no types. */
export const OPERATORS: readonly Operator[] = [
  { name: 'comparison or arithmetic', edits: swappedOperator },
  { name: 'step', edits: swappedStep },
  { name: 'one side', edits: oneSide },
  { name: 'condition', edits: decidedCondition },
  { name: 'end of a loop', edits: neverLooped },
  { name: 'not', edits: withoutNot },
  { name: 'boolean', edits: otherBoolean },
  { name: 'number', edits: nextNumber },
  { name: 'object identifier', edits: otherIdentifier },
  { name: 'returned text', edits: emptyText },
  { name: 'list', edits: emptyList },
  { name: 'statement', edits: removedStatement },
  { name: 'argument', edits: withoutLastArgument },
  { name: 'property', edits: withoutOneProperty },
  { name: 'call', edits: withoutCall },
  { name: 'method', edits: otherMethod },
  { name: 'await', edits: withoutAwait },
];

const put = (node: Node, text: string, file: SourceFile): Edit => ({ start: node.getStart(file), end: node.end, text });
const textOf = (node: Node, file: SourceFile): string => file.text.slice(node.getStart(file), node.end);
const has = (table: object, name: string): boolean => Object.hasOwn(table, name);

function swappedOperator(node: Node, file: SourceFile): Edit[] {
  if (!isBinaryExpression(node)) return [];
  const token = textOf(node.operatorToken, file);
  return has(TOKENS, token) ? TOKENS[token]!.map((other) => put(node.operatorToken, other, file)) : [];
}

function swappedStep(node: Node, file: SourceFile): Edit[] {
  if (!isPostfixUnaryExpression(node)) return [];
  const operand = textOf(node.operand, file);
  return [put(node, operand + (textOf(node, file).endsWith('++') ? '--' : '++'), file)];
}

/** Each condition of `a && b`, `a || b` and `a ?? b` counts: one of them alone has the place of both. */
function oneSide(node: Node, file: SourceFile): Edit[] {
  if (!isBinaryExpression(node)) return [];
  if (!['&&', '||', '??'].includes(textOf(node.operatorToken, file))) return [];
  return [node.left, node.right].map((side) => put(node, `(${textOf(side, file)})`, file));
}

function decidedCondition(node: Node, file: SourceFile): Edit[] {
  if (isIfStatement(node)) return ['true', 'false'].map((text) => put(node.expression, text, file));
  if (isConditionalExpression(node)) return ['true', 'false'].map((text) => put(node.condition, text, file));
  return [];
}

function neverLooped(node: Node, file: SourceFile): Edit[] {
  if (isWhileStatement(node) || isDoStatement(node)) return [put(node.expression, 'false', file)];
  return isForStatement(node) && node.condition ? [put(node.condition, 'false', file)] : [];
}

function withoutNot(node: Node, file: SourceFile): Edit[] {
  if (!isPrefixUnaryExpression(node) || !textOf(node, file).startsWith('!')) return [];
  return [put(node, textOf(node.operand, file), file)];
}

function otherBoolean(node: Node, file: SourceFile): Edit[] {
  if (isTrueLiteral(node)) return [put(node, 'false', file)];
  return isFalseLiteral(node) ? [put(node, 'true', file)] : [];
}

function nextNumber(node: Node, file: SourceFile): Edit[] {
  const digits = textOf(node, file).replaceAll('_', '');
  if (isNumericLiteral(node)) return [put(node, String(Number(digits) + 1), file)];
  return isBigIntLiteral(node) ? [put(node, `${BigInt(digits.slice(0, -1)) + 1n}n`, file)] : [];
}

function otherIdentifier(node: Node, file: SourceFile): Edit[] {
  if (!isStringLiteral(node) || !/^\d+(\.\d+){2,}$/.test(node.text)) return [];
  return [put(node, `'${node.text}.1'`, file)];
}

function emptyText(node: Node, file: SourceFile): Edit[] {
  if (!isStringLiteral(node) || node.text === '') return [];
  const before = file.text.slice(0, node.getStart(file)).trimEnd();
  return /(\breturn|=>|\?|:)$/.test(before) && !isBinaryExpression(node.parent) ? [put(node, "''", file)] : [];
}

function emptyList(node: Node, file: SourceFile): Edit[] {
  return isArrayLiteralExpression(node) && node.elements.length > 0 ? [put(node, '[]', file)] : [];
}

function removedStatement(node: Node, file: SourceFile): Edit[] {
  return isExpressionStatement(node) || isThrowStatement(node) ? [put(node, ';', file)] : [];
}

function withoutLastArgument(node: Node, file: SourceFile): Edit[] {
  if (!isCallExpression(node) && !isNewExpression(node)) return [];
  const given = node.arguments ?? [];
  // The text of an error is for people: tests check which error it is.
  if (isNewExpression(node) && given.length === 1 && textOf(node.expression, file).endsWith('Error')) return [];
  const last = given.at(-1);
  // Nothing and 0 mean the same to nearly every built-in.
  return last && textOf(last, file) !== '0'
    ? [{ start: given.at(-2)?.end ?? last.getStart(file), end: last.end, text: '' }]
    : [];
}

function withoutOneProperty(node: Node, file: SourceFile): Edit[] {
  if (!isObjectLiteralExpression(node)) return [];
  return node.properties.map((property) => {
    const comma = /^\s*,/.exec(file.text.slice(property.end))?.[0].length ?? 0;
    return { start: property.getStart(file), end: property.end + comma, text: '' };
  });
}

/** What the call was made on has the place of the result. A call that is a statement is removed as one. */
function withoutCall(node: Node, file: SourceFile): Edit[] {
  if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return [];
  if (isExpressionStatement(isAwaitExpression(node.parent) ? node.parent.parent : node.parent)) return [];
  return [put(node, textOf(node.expression.expression, file), file)];
}

function otherMethod(node: Node, file: SourceFile): Edit[] {
  if (!isPropertyAccessExpression(node) || !has(METHODS, node.name.text)) return [];
  return [put(node.name, METHODS[node.name.text]!, file)];
}

function withoutAwait(node: Node, file: SourceFile): Edit[] {
  return isAwaitExpression(node) ? [put(node, textOf(node.expression, file), file)] : [];
}
