/** Archives in the ustar form of POSIX.1, which `tar` reads: regular files only, each a header and its content. */
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import { openFile } from './files.ts';

const BLOCK = 512;
const CHUNK = 1024 * 1024;
/** Numbers of a header are octal text; a longer one is written in base 256, as GNU and BSD do. */
const MOST_OCTAL = 8 ** 11;

/** Content in pieces. */
export type Chunks = Iterable<Uint8Array>;
/** One file in an archive. `content` must be read to its end before the next entry is taken. */
export type ArchiveEntry = { name: string; size: number; content: Chunks };

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

/** Writes one file into the archive that is open as `archive`. Throws ConfigError for a name of more than 255 octets. */
export function addToArchive(archive: number, { name, size, content }: ArchiveEntry): void {
  write(archive, header(name, size));
  for (const chunk of content) write(archive, chunk);
  write(archive, Buffer.alloc(padding(size)));
}

/** Writes the end of an archive: two empty blocks. */
export const endArchive = (archive: number): void => write(archive, Buffer.alloc(2 * BLOCK));

function write(file: number, octets: Uint8Array): void {
  for (let done = 0; done < octets.length; ) done += writeSync(file, octets, done);
}

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

/** Every file of an archive, in order. Throws ConfigError when the archive is damaged or ends too early. */
export function* readArchive(path: string): Generator<ArchiveEntry> {
  const archive = openFile(path, 'the backup');
  try {
    for (;;) {
      const block = exactly(archive, BLOCK, path);
      if (block.every((octet) => octet === 0)) return;
      if (Number.parseInt(text(block, 148, 8), 8) !== checksum(block) || text(block, 156, 1) !== '0')
        throw damaged(path, 'it has a header that no backup has');
      const [prefix, size] = [text(block, 345, 155), sizeIn(block)];
      if (size > fstatSync(archive).size) throw damaged(path, 'it ends too early');
      const name = (prefix && `${prefix}/`) + text(block, 0, 100);
      yield { name, size, content: whole(chunksOf(archive, size), path) };
      exactly(archive, padding(size), path);
    }
  } finally {
    closeSync(archive);
  }
}

function* whole(content: Chunks, path: string): Generator<Uint8Array> {
  try {
    yield* content;
  } catch {
    throw damaged(path, 'it ends too early');
  }
}

const text = (block: Buffer, at: number, length: number): string =>
  block.toString('utf8', at, at + length).replace(/\0[^]*$/, '');

const sizeIn = (block: Buffer): number =>
  block[124] === 0x80 ? block.readUIntBE(130, 6) : Number.parseInt(text(block, 124, 12), 8);

function exactly(file: number, length: number, path: string): Buffer {
  const octets = Buffer.alloc(length);
  if (length > 0 && readSync(file, octets) < length) throw damaged(path, 'it ends too early');
  return octets;
}

/** The error for an archive that cannot be used. */
export const damaged = (path: string, why: string): ConfigError =>
  new ConfigError(`${path}: this is not a whole backup: ${why}`, 'Use another backup.');
