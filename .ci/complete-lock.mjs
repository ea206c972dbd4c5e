// Completes package-lock.json after `npm install` from a mirror that lacks the binaries of other platforms: npm leaves
// those optional packages out of the lock file, and `npm ci` then fails on every platform. Each entry gets the hash that
// the registry publishes for it, because `npm ci` installs an entry without a hash unchecked. Run it after every change
// of dependencies: node .ci/complete-lock.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['android', 'darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony'];
const CPU = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

/** The hash of one version, as npm writes it: `sha512-…`. Ends the program when the registry has none. */
function integrityOf(name, version) {
  const integrity = execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], { encoding: 'utf8' }).trim();
  if (!integrity.startsWith('sha512-')) throw new Error(`${name}@${version}: the registry publishes no sha512 hash`);
  return integrity;
}

for (const owner of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const parts = name.split(/[/-]/);
    const os = OS.find((candidate) => parts.includes(candidate));
    if (lock.packages[`node_modules/${name}`] || !os) continue;
    const cpu = CPU.find((candidate) => parts.includes(candidate)) ?? 'arm';
    const libc = parts.includes('musl') || parts.includes('musleabihf') ? { libc: ['musl'] } : {};
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(owner.dev && { dev: true }),
      optional: true,
      os: [os],
      ...libc,
    };
    process.stdout.write(`added ${name}@${version}\n`);
  }
}

for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.link || entry.integrity) continue;
  const { version, ...rest } = entry;
  const integrity = integrityOf(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), version);
  lock.packages[path] = { version, integrity, ...rest };
  process.stdout.write(`hashed ${path}\n`);
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
