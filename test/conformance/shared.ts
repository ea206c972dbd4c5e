/** Test files that run in one process: what they import is loaded once, which saves a quarter of the CPU time of `npm test`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The rooms below test/ whose files share a process, one process for each room. They leave nothing changed for the next
 * file. Other rooms have few files, files that take long and end sooner beside each other, or hooks for every test of a file.
 */
const ROOMS =
  'admin app asn1 ca cli client cms config core docs enroll http keys manage outbound pkix policy revocation scep simulator';

/** `files` are paths from `root`. Into the new or empty `folder` go the files that import others. */
type Sharing = { files: readonly string[]; root: string; folder: string };

/** What runs all of the files: one file for each of these rooms, and every other file itself. */
export function inSharedProcesses({ files, root, folder }: Sharing): string[] {
  const rooms = new Set(ROOMS.split(' '));
  const byRoom = Map.groupBy(files, (file) => file.split(/[\\/]/)[1]!);
  return [...byRoom].flatMap(([room, those]) => {
    if (!rooms.has(room)) return those;
    const path = join(folder, `${room}.mjs`);
    writeFileSync(path, importing(those, root));
    return path;
  });
}

/** A file that cannot be loaded is a test that fails, with its name. */
const importing = (files: readonly string[], root: string): string => `import { test } from 'node:test';
for (const [file, url] of ${JSON.stringify(files.map((file) => [file, pathToFileURL(join(root, file))]))})
  await import(url).catch((error) => test(file, () => { throw error; }));
`;
