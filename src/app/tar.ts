/** Archives in the ustar form of POSIX.1, which `tar` reads: regular files only, each a header and its content. */
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import { openFile } from './files.ts';

const BLOCK = 512;
const CHUNK = 64 * 1024;
/** Numbers of a header are octal text; a longer one is written in base 256, as GNU and BSD do. */
const MOST_OCTAL = 8 ** 11;

/** Content in pieces. */
export type Chunks = Iterable<Uint8Array>;
/** One file that goes into an archive. */
export type NewEntry = { name: string; size: number; content: Chunks };
/** One file in an archive. `content` must be read to its end before the next entry is taken. */
export type ArchiveEntry = { name: string; size: number; content: AsyncIterable<Uint8Array> };
/** The octets of an archive, in pieces of any length. */
export type ArchiveSource = AsyncGenerator<Uint8Array, void, void>;

/** The content of an open file, from here on; `size` octets of it. Throws when there are fewer. */
export function* chunksOf(file: number, size: number): Generator<Uint8Array> {
  for (let left = size; left > 0; ) {
    const chunk = Buffer.alloc(Math.min(CHUNK, left));
    const length = readSync(file, chunk);
    if (length === 0) throw new Error(`the file ends ${left} octets early`);
    left -= length;
    yield chunk.subarray(0, length);
  }
}

/** One file as it is in an archive. Throws ConfigError for a name of more than 255 octets. */
export function* entryChunks({ name, size, content }: NewEntry): Generator<Uint8Array> {
  yield header(name, size);
  yield* content;
  yield Buffer.alloc(padding(size));
}

/** Writes one file into the archive that is open as `archive`. Throws ConfigError for a name of more than 255 octets. */
export function addToArchive(archive: number, entry: NewEntry): void {
  for (const chunk of entryChunks(entry)) write(archive, chunk);
}

/** Writes the end of an archive. */
export const endArchive = (archive: number): void => write(archive, endOfArchive());

function write(file: number, octets: Uint8Array): void {
  for (let done = 0; done < octets.length; ) done += writeSync(file, octets, done);
}

/** The end of an archive: two empty blocks. */
export const endOfArchive = (): Uint8Array => Buffer.alloc(2 * BLOCK);

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [prefix, rest] = splitName(name);
  block.write(rest, 0);
  block.write('0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  sizeField(size).copy(block, 124);
  block.write('00000000000\0', 136);
  block.write('0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345);
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function sizeField(size: number): Buffer {
  const field = Buffer.alloc(12);
  if (size < MOST_OCTAL) field.write(size.toString(8).padStart(11, '0'));
  else {
    field.writeUInt8(0x80);
    field.writeUIntBE(size, 6, 6);
  }
  return field;
}

/** The sum of all octets, those of the checksum itself taken as spaces. */
const checksum = (block: Uint8Array): number =>
  block.reduce((sum, octet, index) => sum + (index >= 148 && index < 156 ? 0x20 : octet), 0);

/** At most 155 octets, then at most 100; the slash between them is not written. */
function splitName(name: string): [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) return [prefix, rest];
  }
  throw new ConfigError(`${name}: this path is too long for an archive`, 'Move the file to a shorter path.');
}

/** The octets of the file at `path`, as they are. Throws ConfigError when it cannot be read. */
export async function* archiveFile(path: string): ArchiveSource {
  const archive = openFile(path, 'the backup');
  try {
    yield* chunksOf(archive, fstatSync(archive).size);
  } finally {
    closeSync(archive);
  }
}

/** Every file of an archive, in order. `path` is for errors. Throws ConfigError when the archive is damaged or ends too early. */
export async function* readArchive(
  path: string,
  source: ArchiveSource = archiveFile(path),
): AsyncGenerator<ArchiveEntry> {
  const octets = octetReader(path, source);
  try {
    for (;;) {
      const block = await octets.exactly(BLOCK);
      if (block.every((octet) => octet === 0)) break;
      if (Number.parseInt(text(block, 148, 8), 8) !== checksum(block) || text(block, 156, 1) !== '0')
        throw damaged(path, 'it has a header that no backup has');
      const [prefix, size] = [text(block, 345, 155), sizeIn(block)];
      yield { name: (prefix && `${prefix}/`) + text(block, 0, 100), size, content: octets.next(size) };
      await octets.exactly(padding(size));
    }
    // What is encrypted shows only at its end that nothing was cut off.
    await octets.toEnd();
  } finally {
    await source.return();
  }
}

/** Takes octets of pieces that come in any length. */
function octetReader(path: string, source: ArchiveSource) {
  let left: Uint8Array = new Uint8Array(0);
  async function more(): Promise<Uint8Array> {
    const piece = await source.next();
    if (piece.done) throw damaged(path, 'it ends too early');
    return piece.value;
  }
  async function* next(length: number): AsyncGenerator<Uint8Array> {
    for (let wanted = length; wanted > 0; ) {
      if (left.length === 0) left = await more();
      const piece = left.subarray(0, wanted);
      left = left.subarray(piece.length);
      wanted -= piece.length;
      yield piece;
    }
  }
  async function exactly(length: number): Promise<Buffer> {
    const pieces = [];
    for await (const piece of next(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }
  async function toEnd(): Promise<void> {
    for (let piece = await source.next(); !piece.done; ) piece = await source.next();
  }
  return { next, exactly, toEnd };
}

const text = (block: Buffer, at: number, length: number): string =>
  block.toString('utf8', at, at + length).replace(/\0[^]*$/, '');

const sizeIn = (block: Buffer): number =>
  block[124] === 0x80 ? block.readUIntBE(130, 6) : Number.parseInt(text(block, 124, 12), 8);

/** The error for an archive that cannot be used. */
export const damaged = (path: string, why: string): ConfigError =>
  new ConfigError(`${path}: this is not a whole backup: ${why}`, 'Use another backup.');
