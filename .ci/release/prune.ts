/** Takes out of installed packages what their authors needed to make them, and gives every file the rights that it needs. */
import { chmodSync, closeSync, lstatSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT_FOLDERS = [
  'test',
  'tests',
  'spec',
  'integration',
  'benchmark',
  'benchmarks',
  'example',
  'examples',
  'scripts',
  'docs',
];

/** Every file below a folder, as a path from there, in one order. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => lstatSync(join(folder, path)).isFile())
    .sort();

/** Files whose names begin with a dot, pages, and at the root of each package tests, examples and documentation. */
export function prunePackages(modules: string): void {
  const roots = filesBelow(modules).filter((path) =>
    /(?:^|node_modules\/)(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path),
  );
  for (const root of roots)
    for (const folder of ROOT_FOLDERS) rmSync(join(modules, dirname(root), folder), { recursive: true, force: true });
  for (const path of readdirSync(modules, { recursive: true, encoding: 'utf8' }))
    if (/(?:^|\/)\.[^/]*$|\.html$/.test(path)) rmSync(join(modules, path), { recursive: true, force: true });
}

function beginsAsScript(path: string): boolean {
  const descriptor = openSync(path, 'r');
  const octets = Buffer.alloc(2);
  readSync(descriptor, octets);
  closeSync(descriptor);
  return octets.toString('latin1') === '#!';
}

/** Scripts and the named programs may be executed, and everything may be read; whatever the packages of npm say. */
export function setModes(root: string, programs: readonly string[]): void {
  for (const path of filesBelow(root)) {
    const file = join(root, path);
    chmodSync(file, programs.includes(path) || beginsAsScript(file) ? 0o755 : 0o644);
  }
}
