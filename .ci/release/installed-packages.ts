/** The packages of the lock file that a Debian package has: those of the product, the driver for PostgreSQL, and Node.js for one processor. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJson } from './build.ts';

type Versions = Record<string, string>;
type Manifest = {
  name: string;
  version: string;
  license: string;
  description: string;
  dependencies: Versions;
  devDependencies: Versions;
  optionalDependencies: Versions;
};
type Locked = { dev?: boolean; optional?: boolean };
type Lock = { packages: Record<string, Locked> };

const read = (folder: string, file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** What is not an own dependency of the product there: tests need the driver, and a checkout finds its Node.js. */
function wantedBy({ dependencies, devDependencies, optionalDependencies }: Manifest, cpu: string): Versions {
  const [driver, node] = ['postgres', `node-linux-${cpu}`];
  return { ...dependencies, [driver]: devDependencies[driver] ?? '', [node]: optionalDependencies[node] ?? '' };
}

/** Writes a manifest and a lock file with these packages alone into a folder; versions and hashes are those of the checkout. */
export function writeManifests(checkout: string, folder: string, cpu: string): void {
  const manifest = read(checkout, 'package.json') as Manifest;
  const lock = read(checkout, 'package-lock.json') as Lock;
  const { name, version, license, description } = manifest;
  const root = { name, version, license, description, dependencies: wantedBy(manifest, cpu) };
  const added = ['node_modules/postgres', `node_modules/node-linux-${cpu}`];
  const kept = Object.entries(lock.packages).filter(
    ([path, { dev, optional }]) => path !== '' && (added.includes(path) || !(dev || optional)),
  );
  const packages = kept.map(([path, { dev: _dev, optional: _optional, ...rest }]) => [path, rest] as const);
  writeJson(join(folder, 'package.json'), root);
  writeJson(join(folder, 'package-lock.json'), { ...lock, packages: { '': root, ...Object.fromEntries(packages) } });
}
