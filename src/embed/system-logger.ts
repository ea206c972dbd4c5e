/** The log of the system: JSON lines on standard error. */
import { type Logger as Pino, pino } from 'pino';

/** Octets of lines that wait in memory when standard error is not read; later lines are dropped. */
const LONGEST_LOG = 16 * 1024 * 1024;

/**
 * JSON lines on standard error, because standard output is for the result of a command. `level` is one of pino. Control
 * characters are escaped, also those that JSON allows: a terminal could take them for commands.
 */
export function systemLogger(level: string): Pino {
  const destination = pino.destination({ fd: 2, sync: false, maxLength: LONGEST_LOG });
  const write = (line: string): void => void destination.write(withoutControls(line));
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: errorLine } },
    { write },
  );
}

/** Type, message and fields, and the stack where there is one. */
function errorLine(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { stack, ...line } = pino.stdSerializers.err(error);
  return stack ? { stack, ...line } : line;
}

/** DEL and C1, the separators of lines and paragraphs, and what changes the direction of text. */
const CONTROLS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const withoutControls = (line: string): string =>
  line.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
