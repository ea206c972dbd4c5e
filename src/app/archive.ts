/** One archive of an installation: its configuration, the files that it names, and a copy of the store. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { systemClock } from '../embed/system.ts';
import { copySqlite } from '../store/sqlite.ts';
import { type ArchiveLock, encrypted } from './archive-cipher.ts';
import type { PostgresConfig } from './configured-store.ts';
import { dumpDatabase } from './database-dump.ts';
import { writeDurably } from './durable-file.ts';
import { openFile } from './files.ts';
import { automaticRaFiles } from './ra.ts';
import { readConfig } from './configuration-file.ts';
import { type Chunks, chunksOf, endOfArchive, entryChunks } from './tar.ts';
import { VERSION } from './version.ts';

/** One file of a backup. `name`: in the archive; `path`: where it was. SHA-256 in lower-case hexadecimal. */
export type BackupFile = { name: string; path: string; size: number; sha256: string };

/**
 * What is in a backup. `configuration`, `store` and `database` are names of files; `store` is absent when there was none, `database`
 * where the store is not in PostgreSQL.
 */
export type Manifest = {
  format: 1;
  version: string;
  madeAt: string;
  configuration: string;
  store?: string;
  database?: string;
  files: BackupFile[];
};

/** The name of the manifest, the last file of an archive: a backup without it was not finished. */
export const MANIFEST = 'MANIFEST.json';
/** The copy of a database, as `pg_dump` writes it for `pg_restore`. */
const DUMP = 'database.pgdump';
/** The folder in an archive for files that are not below the folder of the configuration. */
const OUTSIDE = 'outside';

/**
 * Writes the backup of an installation, also while its server runs, to the new file `archive`, mode 0600; encrypted where there is
 * a `lock`. The file gets its name when it is whole. Throws ConfigError when something that the configuration names cannot be
 * read, or when `archive` exists.
 */
export async function makeBackup(configuration: string, archive: string, lock?: ArchiveLock): Promise<Manifest> {
  if (existsSync(archive))
    throw new ConfigError(`${archive} is already there`, 'Give the name of a new file; nothing was changed.');
  const plan = planOf(resolve(configuration));
  if (lock && plan.fips) throw new ConfigError(NOT_APPROVED.what, NOT_APPROVED.remedy);
  // In the folder of the archive: it has room for the copy, and the archive gets its name in one step at the end.
  const folder = dirname(resolve(archive));
  removeHalves(folder);
  const work = mkdtempSync(join(folder, `${HALF}${process.pid}-`));
  try {
    const copies = new Map<string, string>();
    if (plan.store !== undefined) {
      copies.set(plan.store, join(work, 'store'));
      await copySqlite(plan.store, join(work, 'store'));
    }
    const dump = plan.database && (await dumpDatabase(plan.database, join(work, 'database')));
    const manifest = manifestOf(plan, dump !== undefined);
    const content = archiveOf({ plan, manifest, copies, dump });
    await writeDurably(join(work, 'archive'), lock ? await encrypted(content, lock) : content);
    renameSync(join(work, 'archive'), archive);
    return manifest;
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** How the folder of a backup in the making begins; the number of its process follows. */
const HALF = '.openndes-backup-';

/** Those of processes that have ended: they hold keys in clear, and room. */
function removeHalves(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^\.openndes-backup-(\d+)-\w+$/.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** age encrypts with ChaCha20-Poly1305, in JavaScript. */
const NOT_APPROVED = {
  what: 'backups encrypted with age cannot be made with `fips.required`: its algorithms are not approved',
  remedy: 'Leave the options out, and encrypt the archive with a program that has a validated module.',
};

type Plan = {
  fips: boolean;
  configuration: string;
  files: readonly string[];
  store?: string;
  database?: PostgresConfig;
};

function planOf(configuration: string): Plan {
  const { config, files: named } = readConfig(configuration);
  const store = config.store.kind === 'sqlite' ? config.store.path : undefined;
  // An ML-KEM key is made beside an RA of any form.
  const withKem = new Set(config.endpoints.filter(({ kem }) => kem).map(({ authority }) => authority.name));
  const automatic = Object.entries(config.authorities)
    .filter(([name, { ra }]) => ra === 'auto' || ra === 'split' || withKem.has(name))
    .flatMap(([, { certificate }]) => automaticRaFiles(dirname(certificate)));
  const files = new Set([configuration, ...named, ...automatic]);
  if (store !== undefined) files.delete(store);
  return {
    fips: config.fips?.required === true,
    configuration,
    files: [...files],
    ...(store !== undefined && existsSync(store) && { store }),
    ...(config.store.kind === 'postgres' && { database: config.store }),
  };
}

function manifestOf({ configuration, store }: Plan, hasDump: boolean): Manifest {
  const nameOf = archiveName(dirname(configuration));
  return {
    format: 1,
    version: VERSION,
    madeAt: systemClock().toISOString(),
    configuration: nameOf(configuration),
    ...(store !== undefined && { store: nameOf(store) }),
    ...(hasDump && { database: DUMP }),
    files: [],
  };
}

/** `copies`: where the content of a path is read from, if not from the path itself. `dump`: the copy of a database. */
type Archived = { plan: Plan; manifest: Manifest; copies: ReadonlyMap<string, string>; dump: string | undefined };

/** The archive, piece by piece. The manifest gets its files on the way, and is the last of them. */
function* archiveOf({ plan, manifest, copies, dump }: Archived): Generator<Uint8Array> {
  const nameOf = archiveName(dirname(plan.configuration));
  const paths = [...plan.files, ...(plan.store === undefined ? [] : [plan.store])];
  for (const path of paths) yield* fileChunks(manifest, { name: nameOf(path), path }, copies.get(path) ?? path);
  if (dump !== undefined) yield* fileChunks(manifest, { name: DUMP, path: DUMP }, dump);
  const content = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  yield* entryChunks({ name: MANIFEST, size: content.length, content: [content] });
  yield endOfArchive();
}

function* fileChunks(
  manifest: Manifest,
  { name, path }: { name: string; path: string },
  from: string,
): Generator<Uint8Array> {
  const file = openFile(from, 'named by the configuration');
  try {
    const { size } = fstatSync(file);
    const sha256 = createHash('sha256');
    yield* entryChunks({ name, size, content: hashed(chunksOf(file, size), sha256) });
    manifest.files.push({ name, path, size, sha256: sha256.digest('hex') });
  } finally {
    closeSync(file);
  }
}

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
