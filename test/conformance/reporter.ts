/** A reporter for node:test that writes every test and its result as one line of JSON. */
import { relative, sep } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** How a test ended. A skipped one proves nothing. */
export type Result = 'pass' | 'fail' | 'skip';

/**
 * One test: the file that declares it, from the root of the repository, its titles from the outermost inwards, and why it
 * was skipped or is `todo`, where a reason is given.
 */
export type Proof = { file: string; titles: readonly string[]; result: Result; why?: string };

type Ended = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data'];

/** `node --test --test-reporter=./test/conformance/reporter.ts`. Suites count by the tests in them, unless they are skipped. */
export default async function* proofs(source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  const above: string[] = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') above.splice(data.nesting, Number.POSITIVE_INFINITY, data.name);
    if (
      (type === 'test:pass' || type === 'test:fail') &&
      data.file &&
      (data.details.type !== 'suite' || asideBecause(data))
    )
      yield `${JSON.stringify(proofOf(data, data.file, type, above))}\n`;
  }
}

/** Whether it was skipped or is `todo`, and why. */
const asideBecause = ({ skip, todo }: Ended): string | boolean | undefined => skip ?? todo;

function proofOf(data: Ended, file: string, type: 'test:pass' | 'test:fail', above: readonly string[]): Proof {
  const ended = type === 'test:pass' ? 'pass' : 'fail';
  // `todo` is a failure that is allowed; what is allowed to fail proves nothing either.
  const why = asideBecause(data);
  const result = why === undefined ? ended : 'skip';
  return {
    file: relative(process.cwd(), file).split(sep).join('/'),
    titles: [...above.slice(0, data.nesting), data.name],
    result,
    ...(typeof why === 'string' && { why }),
  };
}

/** What the reporter wrote. */
export const readProofs = (lines: string): Proof[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Proof);
