/** The challenge of `openndes enroll`: an argument, or the first line of a file or of standard input. */
import { readFile } from '../app/files.ts';
import { ConfigError } from '../core/errors.ts';
import { firstLine } from './first-line.ts';

/** Undefined without either option. Throws ConfigError for a file that cannot be read, and for an empty line. */
export async function challengeOf(options: {
  challenge?: string;
  challengeFile?: string;
}): Promise<string | undefined> {
  const { challenge, challengeFile } = options;
  if (challengeFile === undefined) return challenge;
  const line = challengeFile === '-' ? await firstLine(process.stdin) : lineOf(challengeFile);
  if (line !== '') return line;
  throw new ConfigError(
    `--challenge-file ${challengeFile}: the first line is empty`,
    'Write the challenge into the first line.',
  );
}

const lineOf = (path: string): string =>
  /^\uFEFF?(.*)/.exec(readFile(path, '--challenge-file', LONGEST).toString())?.[1] ?? '';

/** Octets of a file with a challenge in its first line. */
const LONGEST = 1024 * 1024;
