// Completes package-lock.json after `npm install` from a mirror that lacks the binaries of other platforms: npm leaves
// those optional packages out of the lock file, and `npm ci` then fails on every platform. Run it after every change of
// dependencies: node .ci/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['android', 'darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony'];
const CPU = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

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
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
