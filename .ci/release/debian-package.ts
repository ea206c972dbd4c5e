/** The package for Debian and Ubuntu: the program, the packages of the lock file, Node.js, the unit of systemd and the documentation. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Build, run } from './build.ts';
import { changelogOf, controlOf, md5sumsOf, octetsIn } from './debian-control.ts';
import { writeManifests } from './installed-packages.ts';
import { prunePackages, setModes } from './prune.ts';
import { writeSboms } from './sbom.ts';

const TEMPLATES = join(import.meta.dirname, 'debian');
/** The names of a processor in Debian and in Node.js. */
export const ARCHITECTURES: Readonly<Record<string, string>> = { amd64: 'x64', arm64: 'arm64' };

function cpuOf(architecture: string): string {
  const cpu = ARCHITECTURES[architecture];
  if (cpu === undefined)
    throw new Error(
      `${architecture}: no Node.js is in the lock file. One of: ${Object.keys(ARCHITECTURES).join(', ')}`,
    );
  return cpu;
}

const template = (name: string): string => readFileSync(join(TEMPLATES, name), 'utf8');
const compressed = (path: string, content: string | Buffer): void =>
  writeFileSync(path, gzipSync(content, { level: 9 }));

/** The program with its packages, at /usr/lib/openndes. `npm ci` checks each against the hash of the lock file. */
function installProgram(build: Build, library: string, architecture: string): void {
  const cpu = cpuOf(architecture);
  mkdirSync(library, { recursive: true });
  run(library, 'tar', '--extract', '--strip-components=1', '--file', join(build.out, `openndes-${build.version}.tgz`));
  const packed = readFileSync(join(library, 'package.json'));
  writeManifests(build.checkout, library, cpu);
  run(library, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', '--os=linux', `--cpu=${cpu}`);
  writeSboms(build, library, `openndes_${build.version}_${architecture}.deb`, '--package-lock-only');
  writeFileSync(join(library, 'package.json'), packed);
  prunePackages(join(library, 'node_modules'));
}

/** Node.js leaves node_modules, because nothing imports it; its licences go to the documentation. */
function moveNode(library: string, documentation: string, cpu: string): void {
  const node = join(library, 'node_modules', `node-linux-${cpu}`);
  renameSync(join(node, 'bin/node'), join(library, 'node'));
  compressed(join(documentation, 'LICENSE.node.gz'), readFileSync(join(node, 'LICENSE')));
  for (const path of [node, join(library, 'package-lock.json')]) rmSync(path, { recursive: true });
}

function writeDocumentation(build: Build, root: string, library: string, documentation: string): void {
  for (const folder of ['docs', 'deploy']) renameSync(join(library, folder), join(documentation, folder));
  for (const file of ['README.md', 'SECURITY.md']) renameSync(join(library, file), join(documentation, file));
  for (const file of ['CHANGELOG.md', 'LICENSE']) rmSync(join(library, file));
  compressed(join(documentation, 'changelog.gz'), readFileSync(join(build.checkout, 'CHANGELOG.md')));
  compressed(join(documentation, 'changelog.Debian.gz'), changelogOf(build));
  for (const file of ['copyright', 'README.Debian']) writeFileSync(join(documentation, file), template(file));
  const manual = join(root, 'usr/share/man/man8');
  mkdirSync(manual, { recursive: true });
  compressed(join(manual, 'openndes.8.gz'), template('openndes.8').replace('VERSION', build.version));
}

/** The unit of deploy/systemd, which names the paths of an installation by hand. */
function writeSystemFiles(build: Build, root: string): void {
  const unit = readFileSync(join(build.checkout, 'deploy/systemd/openndes.service'), 'utf8')
    .replace(
      '/usr/bin/node /opt/openndes/bin/openndes.mjs',
      '/usr/lib/openndes/node /usr/lib/openndes/bin/openndes.mjs',
    )
    .replace('# Copy it to /etc/systemd/system/; changes', '# Changes');
  const put = (path: string, content: string, mode: number): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  put('usr/lib/systemd/system/openndes.service', unit, 0o644);
  put('usr/bin/openndes', template('openndes'), 0o755);
  put('usr/share/lintian/overrides/openndes', template('lintian-overrides'), 0o644);
  for (const script of ['postinst', 'prerm', 'postrm']) put(`DEBIAN/${script}`, template(script), 0o755);
}

/** Writes `openndes_VERSION_ARCHITECTURE.deb`, with dpkg-deb. */
export function writeDebianPackage(build: Build, architecture: string): void {
  const root = join(build.work, `debian-${architecture}`);
  const library = join(root, 'usr/lib/openndes');
  const documentation = join(root, 'usr/share/doc/openndes');
  mkdirSync(documentation, { recursive: true });
  installProgram(build, library, architecture);
  moveNode(library, documentation, cpuOf(architecture));
  writeDocumentation(build, root, library, documentation);
  writeSystemFiles(build, root);
  setModes(root, ['usr/lib/openndes/node']);
  writeFileSync(join(root, 'DEBIAN/md5sums'), md5sumsOf(root));
  writeFileSync(join(root, 'DEBIAN/control'), controlOf(build, architecture, octetsIn(root)));
  const compression = build.quick ? ['-Zgzip', '-z1'] : ['-Zxz'];
  run(
    build.work,
    'dpkg-deb',
    '--root-owner-group',
    ...compression,
    '--threads-max=1',
    '--build',
    root,
    join(build.out, `openndes_${build.version}_${architecture}.deb`),
  );
}
