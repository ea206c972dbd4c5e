/** Every certificate in files and folders, one after the other, unread. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../app/certificate-files.ts';
import { readFile } from '../app/files.ts';
import { catchDerError } from '../asn1/limits.ts';
import { DerReader } from '../asn1/reader.ts';
import { TAG } from '../asn1/tags.ts';
import { ConfigError } from '../core/errors.ts';

/** One file: what can be a certificate in it, DER; or why it cannot be read. */
export type CertificateFile = { path: string; certificates: readonly Uint8Array[]; why?: string };

/** The files that are named, and those in folders that are named, at any depth; without those that begin with a dot. */
export function* certificateFiles(paths: readonly string[]): Iterable<CertificateFile> {
  for (const path of paths)
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      for (const each of filesIn(path)) yield contentOf(each);
    else yield contentOf(path);
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => !isHidden(entry) && statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.isFile(),
    )
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();

const isHidden = ({ name }: Dirent): boolean => name.startsWith('.');

function contentOf(path: string): CertificateFile {
  try {
    const content = readFile(path, 'certificates to import');
    const blocks = blocksOf(content.toString('latin1'));
    return { path, certificates: blocks.length > 0 ? blocks : elements(content) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { path, certificates: [], why: error.message.replace(`${path}: `, '') };
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
