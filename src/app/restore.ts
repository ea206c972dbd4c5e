/** Verifies a backup, and restores it into an empty folder. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { faultOf } from '../store/sqlite.ts';
import { type Manifest, MANIFEST } from './archive.ts';
import { type ArchiveKeys, decrypted } from './archive-cipher.ts';
import { type ArchiveEntry, archiveFile, damaged, readArchive } from './tar.ts';

/** A relative path that stays in its folder, on every system. */
const NAME = z.string().regex(/^(?!\.{1,2}(\/|$))[^/\\:\0]+(\/(?!\.{1,2}(\/|$))[^/\\:\0]+)*$/);
const SCHEMA = z.object({
  format: z.literal(1),
  version: z.string(),
  madeAt: z.string(),
  configuration: NAME,
  store: NAME.exactOptional(),
  database: NAME.exactOptional(),
  files: z.array(z.object({ name: NAME, path: z.string(), size: z.number(), sha256: z.string() })),
});

/**
 * Reads the whole archive and compares every file with the manifest. Throws ConfigError when one is missing, changed or not
 * in the manifest, or when it is encrypted and `keys` do not open it.
 */
export async function verifyBackup(archive: string, keys: ArchiveKeys): Promise<Manifest> {
  const found = new Map<string, string>();
  let manifest: Manifest | undefined;
  for await (const { name, content } of openArchive(archive, keys)) {
    if (name === MANIFEST) manifest = manifestIn(archive, await joined(content));
    else found.set(name, await digestOf(content));
  }
  if (!manifest) throw damaged(archive, 'its manifest is missing');
  for (const { name, sha256 } of manifest.files) {
    if (found.get(name) !== sha256) throw damaged(archive, `${name} is ${found.has(name) ? 'changed' : 'missing'}`);
    found.delete(name);
  }
  for (const name of found.keys()) throw damaged(archive, `${name} is not in its manifest`);
  return manifest;
}

/**
 * Writes every file of a backup below `folder`, mode 0600, and checks the store. Throws ConfigError when the archive is
 * not whole or the folder is not empty; then nothing is left in the folder.
 */
export async function restoreBackup(archive: string, folder: string, keys: ArchiveKeys): Promise<Manifest> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new ConfigError(`${folder} is not empty`, 'Restore into a new folder; nothing was changed.');
  const manifest = await verifyBackup(archive, keys);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    for await (const { name, content } of openArchive(archive, keys))
      if (name !== MANIFEST) await writeContent(join(folder, name), content);
      else await digestOf(content);
    const fault = manifest.store === undefined ? undefined : faultOf(join(folder, manifest.store));
    if (fault !== undefined) throw damaged(archive, `its store is broken: ${fault}`);
    return manifest;
  } catch (error) {
    for (const each of readdirSync(folder)) rmSync(join(folder, each), { recursive: true });
    throw error;
  }
}

function manifestIn(archive: string, content: Buffer): Manifest {
  try {
    return SCHEMA.parse(JSON.parse(content.toString()));
  } catch {
    throw damaged(archive, 'its manifest is not one of this version');
  }
}

/** SHA-256 of the file as it is, hexadecimal. Throws ConfigError. */
export const digestOfArchive = (archive: string): Promise<string> => digestOf(archiveFile(archive));

const openArchive = (archive: string, keys: ArchiveKeys): AsyncGenerator<ArchiveEntry> =>
  readArchive(archive, decrypted(archive, archiveFile(archive), keys));

type Content = ArchiveEntry['content'];

async function joined(content: Content): Promise<Buffer> {
  const pieces = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function digestOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const sha256 = createHash('sha256');
  for await (const piece of content) sha256.update(piece);
  return sha256.digest('hex');
}

async function writeContent(path: string, content: Content): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of content) for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done);
  } finally {
    closeSync(file);
  }
}
