/** What the answers of a program mean for the enrolment. */
import type { CommandOperation } from '../../core/command-operations.ts';
import type { IssuancePending, Issued } from '../../core/issuer.ts';
import { commandFault } from './command-fault.ts';
import type { GoodAnswer } from './command-exchange.ts';

/** The chain of an answer as DER: the same array elements for each certificate. The pinned one when the answer has none. */
export type ChainOf = (chain: readonly string[]) => readonly Uint8Array[];

/** How many certificates of CAs are kept: a program that makes up others must not fill the memory. */
const MOST_KEPT = 32;

/** Keeps what it has decoded. */
export function keptChains(pinned: readonly Uint8Array[]): ChainOf {
  const kept = new Map<string, Uint8Array>();
  const one = (text: string): Uint8Array => {
    const known = kept.get(text) ?? Buffer.from(text, 'base64');
    if (kept.size < MOST_KEPT) kept.set(text, known);
    return known;
  };
  return (chain) => (chain.length === 0 ? pinned : chain.map(one));
}

/** Throws IssuerError for an answer that is not one of this operation. */
export function made(answer: GoodAnswer, operation: CommandOperation, chainOf: ChainOf): Issued | IssuancePending {
  if (answer.status === 'pending')
    return { kind: 'pending', reference: answer.reference, retryAfter: answer.retryAfter };
  if (answer.status !== 'issued') throw wrongAnswer(operation, answer);
  const { certificate, chain, reference } = answer;
  return { kind: 'issued', certificate, chain: chainOf(chain), ...(reference !== undefined && { reference }) };
}

/** Throws IssuerError for an answer that is not one of `find`. */
export function found(answer: GoodAnswer, chainOf: ChainOf): Issued | undefined {
  if (answer.status === 'none') return undefined;
  const result = made(answer, 'find', chainOf);
  if (result.kind === 'pending') throw wrongAnswer('find', answer);
  return result;
}

/** Throws IssuerError unless the program says that it is done. */
export function assertDone(
  answer: GoodAnswer,
  operation: CommandOperation,
): asserts answer is Extract<GoodAnswer, { status: 'done' }> {
  if (answer.status !== 'done') throw wrongAnswer(operation, answer);
}

const wrongAnswer = (operation: CommandOperation, { status }: GoodAnswer) =>
  commandFault(
    operation === 'issue' ? 'unknown-outcome' : 'unavailable',
    `the command, for ${operation}: it answered \`${status}\`, which is no answer to this`,
  );
