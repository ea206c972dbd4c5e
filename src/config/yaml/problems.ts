/** Problems of a configuration, each with file, line, column, key, reason and remedy. */
import { ConfigError } from '../../core/errors.ts';

/** Keys and indexes from the top of the file to a value. */
export type KeyPath = readonly (string | number)[];

/** `line` and `column` count from 1. `key` is empty when the whole file is meant. */
export type Problem = { file: string; line: number; column: number; key: string; what: string; remedy: string };

/** What does not stop the start: a warning without its place. `ends`: a running server announces it by itself. */
export type Weakness = { what: string; remedy: string; ends?: true };

/**
 * Runs work that belongs to one key, such as reading the file that it names. A ConfigError becomes a problem of that key
 * and the result is undefined; the caller goes on, so that all problems are found. Other errors are thrown.
 */
export type Attempt = <T>(key: KeyPath, work: () => T | Promise<T>) => Promise<T | undefined>;

/** One line: `openndes.yaml:8:13 tenants.corp.clientId: not a GUID. Write it like …` */
export const problemText = ({ file, line, column, key, what, remedy }: Problem): string =>
  `${file}:${line}:${column} ${key && `${key}: `}${what}. ${remedy}`;

/** A path as text: `endpoints[0].policy.static`. */
export const keyText = (path: KeyPath): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');

/** All problems of one file in the order of their lines; the message has one line for each. */
export class ConfigProblems extends ConfigError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(
      sorted.map(problemText).join('\n'),
      'Nothing was started. `openndes check` reads the file again and reports whether it is correct.',
    );
    this.problems = sorted;
  }
}
