/** Every certificate in files and folders, one after the other, unread. */
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../app/certificate-files.ts';
import { readFile } from '../app/files.ts';
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { ConfigError } from '../core/errors.ts';

/** One file: what can be a certificate in it, DER; or why it cannot be read. */
export type CertificateFile = { path: string; certificates: readonly Uint8Array[]; why?: string };

/**
 * The files that are named, and those in folders that are named, at any depth; without those that begin with a dot. What
 * cannot be read is one of them, with the reason, and the others follow.
 */
export function* certificateFiles(paths: readonly string[]): Iterable<CertificateFile> {
  for (const path of paths)
    if (statsOf(path)?.isDirectory() === true) yield* inFolder(path);
    else yield contentOf(path);
}

function* inFolder(folder: string): Iterable<CertificateFile> {
  const entries = entriesOf(folder);
  if (typeof entries === 'string') yield { path: folder, certificates: [], why: entries };
  else
    for (const entry of entries) {
      const path = join(folder, entry.name);
      // A link to a folder is not followed: it can lead back.
      if (entry.isDirectory()) yield* inFolder(path);
      else if (statsOf(path)?.isFile()) yield contentOf(path);
    }
}

/** By name; or why the folder cannot be read. */
function entriesOf(folder: string): Dirent[] | string {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return `the folder cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

/** Undefined when there is nothing at the path, such as behind a broken link or one that leads to itself. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Octets of one file: as many as a text can have. */
const LONGEST = 256 * 1024 * 1024;

function contentOf(path: string): CertificateFile {
  const refused = (why: string): CertificateFile => ({ path, certificates: [], why });
  const size = statsOf(path)?.size ?? 0;
  if (size > LONGEST) return refused(`${size} octets are more than ${LONGEST}: split the file`);
  try {
    const content = readFile(path, 'certificates to import');
    const blocks = blocksOf(content.toString('latin1'));
    return { path, certificates: blocks.length > 0 ? blocks : elements(content) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return refused(error.message.replace(`${path}: `, ''));
  }
}

/** DER, also several one after the other; the whole content where it is none, so that it is refused as it is. */
function elements(content: Uint8Array): Uint8Array[] {
  const reader = DerReader.over(content, { size: content.length, nodes: Infinity, depth: 2 });
  return catchDerError(
    () => reader.each(Infinity, (each) => each.raw(TAG.sequence)),
    () => [content],
  );
}
