/** What is wrong with a configuration: each problem with its place, its key, its reason and its remedy. */
import { ConfigError } from '../../core/errors.ts';

/** Keys and indexes from the top of the file to a value. */
export type KeyPath = readonly (string | number)[];

/** `line` and `column` count from 1. `key` is empty when the whole file is meant. */
export type Problem = { file: string; line: number; column: number; key: string; what: string; remedy: string };

/** Work on what one key names, a file for instance. Its ConfigError is kept as a problem there, and others follow. */
export type Attempt = <T>(key: KeyPath, work: () => T) => T | undefined;

/** One line: `openndes.yaml:8:13 tenants.corp.clientId: not a GUID. Write it like …` */
export const problemText = ({ file, line, column, key, what, remedy }: Problem): string =>
  `${file}:${line}:${column} ${key && `${key}: `}${what}. ${remedy}`;

/** A path as people write it: `endpoints[0].policy.static`. */
export const keyText = (path: KeyPath): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');

/** Everything that is wrong with one file, in its order; the message has a line for each. */
export class ConfigProblems extends ConfigError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(
      sorted.map(problemText).join('\n'),
      'Nothing was started. `openndes check` reads the file again and says when it is right.',
    );
    this.problems = sorted;
  }
}
