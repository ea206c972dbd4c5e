/** The end of a log file, for a support case: the lines that this program wrote, and nothing else that may be in the file. */
import { readSync } from 'node:fs';
import { withFile } from '../../app/files.ts';

/** Octets that are looked at: some thousand lines. */
const MOST = 2 * 1024 * 1024;

/** Lines of JSON. What a journal writes before each is left out. Throws ConfigError when the file cannot be read. */
export const logTail = (path: string): string =>
  withFile(path, 'the log', (file, size) => {
    const octets = Buffer.alloc(Math.min(size, MOST));
    const text = octets.toString('utf8', 0, readSync(file, octets, 0, octets.length, Math.max(0, size - MOST)));
    return text
      .split('\n')
      .map((line) => line.slice(Math.max(0, line.indexOf('{'))))
      .filter(isLogLine)
      .join('\n');
  });

/** Another file by mistake, such as the configuration or a key, has none of these. */
function isLogLine(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'level' in value && ('event' in value || 'msg' in value);
  } catch {
    return false;
  }
}
