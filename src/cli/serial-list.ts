/** Serial numbers as people have them: arguments, a file with one in a line, or a CSV file with a column of them. */
import { readFile } from '../app/files.ts';
import { ConfigError } from '../core/errors.ts';
import { canonicalSerial } from '../manage/certificates.ts';
import { readCsv } from '../manage/csv.ts';

/** A serial number, and `ISSUERID/` before it where it was written so. `where`: its place, for an error. */
export type WrittenSerial = { text: string; where: string };

/** Those of a file; `-` is standard input. Throws ConfigError when it cannot be read. */
export async function serialsIn(file: string): Promise<WrittenSerial[]> {
  const what = 'the serial numbers';
  const content = file === '-' ? await all(process.stdin) : readFile(file, what);
  try {
    return serialsOfText(
      new TextDecoder('utf-8', { fatal: true }).decode(content),
      file === '-' ? 'line ' : `${file}:`,
    );
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ConfigError(`${file}: not text in UTF-8 (${what})`, 'Save the file as UTF-8.', { cause });
  }
}

async function all(input: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The heading of the column. */
const HEADING = /^serial([ _-]?number)?$/i;

/**
 * `place` is written before the number of a line or row. CSV when its first line has a column `serial` or `serial number`; otherwise one in each line. Empty lines, and lines
 * that begin with `#`, are left out.
 */
export function serialsOfText(text: string, place: string): WrittenSerial[] {
  // Each of its lines would be shown as what is no serial number.
  if (text.includes('PRIVATE KEY-----'))
    throw new ConfigError(
      'this is a private key and no list of serial numbers',
      'Name a file with one serial number on each line.',
    );
  const lines = text.split(/\r\n|\r|\n/);
  const heading = lines.find((line) => line.trim() !== '') ?? '';
  const separator = [';', '\t'].find((each) => heading.includes(each)) ?? ',';
  const column = (readCsv(heading, separator)[0] ?? []).findIndex((cell) => HEADING.test(cell.trim()));
  const cells = column < 0 ? lines : readCsv(text, separator).map((row) => row[column] ?? '');
  const written = cells.map((cell, index) => ({ text: cell.trim(), where: `${place}${index + 1}` }));
  return written.filter(({ text }) => text !== '' && !text.startsWith('#') && !(column >= 0 && HEADING.test(text)));
}

/** As `findCertificate` takes it; undefined when it is no serial number. `openssl x509 -serial` writes `serial=` before it. */
export function readSerial(text: string): string | undefined {
  const [serial = '', issuerId, ...more] = text
    .replace(/^'?(serial=)?/i, '')
    .split('/')
    .toReversed();
  const digits = canonicalSerial(serial);
  if (!/^[0-9a-f]+$/.test(digits) || more.length > 0) return undefined;
  return issuerId === undefined ? digits : `${issuerId.trim()}/${digits}`;
}
