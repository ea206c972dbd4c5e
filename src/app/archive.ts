/** One archive of an installation: its configuration, the files that it names, and a copy of the store. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import { copySqlite } from '../store/sqlite.ts';
import { withFile } from './files.ts';
import { automaticRaFiles } from './ra.ts';
import { readConfig } from './configuration-file.ts';
import { addToArchive, type Chunks, chunksOf, endArchive } from './tar.ts';
import { VERSION } from './version.ts';

/** One file of a backup. `name`: in the archive; `path`: where it was. SHA-256 in lower-case hexadecimal. */
export type BackupFile = { name: string; path: string; size: number; sha256: string };

/** What is in a backup. `configuration` and `store` are names of files; `store` is absent when there was none. */
export type Manifest = {
  format: 1;
  version: string;
  madeAt: string;
  configuration: string;
  store?: string;
  files: BackupFile[];
};

/** The name of the manifest, the last file of an archive: a backup without it was not finished. */
export const MANIFEST = 'MANIFEST.json';
/** The folder in an archive for files that are not below the folder of the configuration. */
const OUTSIDE = 'outside';

/**
 * Writes the backup of an installation, also while its server runs, to the new file `archive`, mode 0600. Throws
 * ConfigError when something that the configuration names cannot be read, or when `archive` exists.
 */
export async function makeBackup(configuration: string, archive: string): Promise<Manifest> {
  if (existsSync(archive))
    throw new ConfigError(`${archive} is already there`, 'Give the name of a new file; nothing was changed.');
  const plan = planOf(resolve(configuration));
  // In the folder of the archive: it has room for the copy, and the archive gets its name in one step at the end.
  const work = mkdtempSync(join(dirname(resolve(archive)), '.openndes-backup-'));
  try {
    const copies = new Map<string, string>();
    if (plan.store !== undefined) {
      copies.set(plan.store, join(work, 'store'));
      await copySqlite(plan.store, join(work, 'store'));
    }
    const manifest = writeArchive(join(work, 'archive'), plan, copies);
    renameSync(join(work, 'archive'), archive);
    return manifest;
  } finally {
    rmSync(work, { recursive: true });
  }
}

type Plan = { configuration: string; files: readonly string[]; store?: string };

function planOf(configuration: string): Plan {
  const { config, files: named } = readConfig(configuration);
  // A database is copied with the tools of the database.
  const store = config.store.kind === 'sqlite' ? config.store.path : undefined;
  const automatic = Object.values(config.authorities)
    .filter(({ ra }) => ra === 'auto' || ra === 'split')
    .flatMap(({ certificate }) => automaticRaFiles(dirname(certificate)));
  const files = new Set([configuration, ...named, ...automatic]);
  if (store !== undefined) files.delete(store);
  return { configuration, files: [...files], ...(store !== undefined && existsSync(store) && { store }) };
}

/** `copies`: where the content of a path is read from, if not from the path itself. */
function writeArchive(target: string, plan: Plan, copies: ReadonlyMap<string, string>): Manifest {
  const nameOf = archiveName(dirname(plan.configuration));
  const archive = openSync(target, 'wx', 0o600);
  try {
    const paths = [...plan.files, ...(plan.store === undefined ? [] : [plan.store])];
    const files = paths.map((path) => addFile(archive, { name: nameOf(path), path }, copies.get(path) ?? path));
    const manifest: Manifest = {
      format: 1,
      version: VERSION,
      madeAt: systemClock().toISOString(),
      configuration: nameOf(plan.configuration),
      ...(plan.store !== undefined && { store: nameOf(plan.store) }),
      files,
    };
    const content = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
    addToArchive(archive, { name: MANIFEST, size: content.length, content: [content] });
    endArchive(archive);
    fsyncSync(archive);
    return manifest;
  } finally {
    closeSync(archive);
  }
}

const addFile = (archive: number, { name, path }: { name: string; path: string }, from: string): BackupFile =>
  withFile(from, 'named by the configuration', (file, size) => {
    const sha256 = createHash('sha256');
    addToArchive(archive, { name, size, content: hashed(chunksOf(file, size), sha256) });
    return { name, path, size, sha256: sha256.digest('hex') };
  });

/** The same content; each piece is added to the hash as it is taken. */
export function* hashed(content: Chunks, into: ReturnType<typeof createHash>): Generator<Uint8Array> {
  for (const chunk of content) {
    into.update(chunk);
    yield chunk;
  }
}

/** Names of files below the folder are relative to it; those of others are their whole path below `outside/`. */
const archiveName =
  (folder: string) =>
  (path: string): string => {
    const below = relative(folder, path);
    const isBelow = below !== '' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
    const name = isBelow ? below : join(OUTSIDE, path.replace(/^([A-Za-z]):/, '$1'));
    return name.split(sep).join('/');
  };
