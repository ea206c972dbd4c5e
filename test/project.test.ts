/** What the files around the source claim: the image runs without privileges, and with the Node.js that the package asks for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { LIMITS } from '../src/asn1/limits.ts';
import { loadConfig } from '../src/config/load.ts';
import { EXAMPLES } from '../src/config/reference.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { license: string; files: string[]; engines: { node: string } };

/** Instructions with their arguments; a backslash at the end of a line goes on, and comments are left out. */
const instructions = read('docker/Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => line.split(/\s+(.*)/s) as [string, string]);
const last = (instruction: string): string | undefined => instructions.findLast(([name]) => name === instruction)?.[1];

test('the image is built on the Node.js of the package and runs as its user', () => {
  const major = /\d+/.exec(manifest.engines.node)?.[0];
  const bases = instructions.filter(([name]) => name === 'FROM').map(([, base]) => base.split(' ')[0]);
  assert.deepEqual(new Set(bases), new Set([`node:${major}-slim`]));
  assert.equal(last('USER'), '1000');
  assert.deepEqual(JSON.parse(last('ENTRYPOINT') ?? ''), ['node', '/app/bin/openndes.mjs']);
  assert.deepEqual(JSON.parse(last('CMD') ?? ''), ['serve', '--config', '/config/openndes.yaml']);
});

test('the health check needs no shell', () => {
  const [, command = ''] = /CMD (\[.*\])$/.exec(last('HEALTHCHECK') ?? '') ?? [];
  const [program, flag, script] = JSON.parse(command) as string[];
  assert.deepEqual([program, flag], ['node', '-e']);
  assert.match(script ?? '', /fetch\(process\.env\.OPENNDES_HEALTH_URL\)/);
});

test('what the image copies is not kept out of its build', () => {
  const admitted = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = instructions
    .filter(([name, paths]) => name === 'COPY' && !paths.startsWith('--from'))
    .flatMap(([, paths]) => paths.split(' ').slice(0, -1));
  assert.ok(copied.length > 0);
  assert.deepEqual(
    copied.filter((path) => !admitted.includes(path)),
    [],
  );
});

test('the image has the driver for PostgreSQL, which needs no other package', () => {
  const copied = instructions.filter(([name]) => name === 'COPY').map(([, paths]) => paths);
  assert.ok(copied.includes('--from=build /app/node_modules/postgres node_modules/postgres'));
  const driver = JSON.parse(read('node_modules/postgres/package.json')) as { dependencies?: object };
  assert.equal(driver.dependencies, undefined);
});

test('the container runs read-only, without capabilities', () => {
  const { services } = parse(read('docker/compose.yaml')) as { services: { openndes: Record<string, unknown> } };
  const { read_only, cap_drop, security_opt, tmpfs, volumes } = services.openndes;
  assert.equal(read_only, true);
  assert.deepEqual(cap_drop, ['ALL']);
  assert.deepEqual(security_opt, ['no-new-privileges:true']);
  assert.ok(Array.isArray(tmpfs) && Array.isArray(volumes) && volumes.includes('data:/data'));
});

test('what stops the server from outside waits longer than its drain and its running requests', () => {
  const env = { LAB_CHALLENGE: 'a-challenge-of-the-tests' };
  const source = { file: '/openndes.yaml', text: EXAMPLES.smallest, env, readFile: () => '' };
  const { drain, grace } = loadConfig(source).config.listen;
  const unit = /^TimeoutStopSec=(\d+)$/m.exec(read('deploy/systemd/openndes.service'))?.[1];
  const { services } = parse(read('docker/compose.yaml')) as {
    services: Record<string, { stop_grace_period?: string }>;
  };
  const container = /^(\d+)s$/.exec(services['openndes']?.stop_grace_period ?? '')?.[1];
  for (const seconds of [unit, container]) assert.ok(Number(seconds) * 1_000 > drain + grace, seconds);
});

test('every package of the lockfile has a sha512 hash, also those for other platforms', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { integrity?: string; link?: true }>;
  };
  const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link);
  assert.ok(installed.length > 100);
  assert.deepEqual(
    installed.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? '')).map(([path]) => path),
    [],
  );
});

test('licence, change log and security policy are what the package says', () => {
  assert.equal(manifest.license, 'Apache-2.0');
  assert.match(read('LICENSE'), /Apache License\s+Version 2\.0/);
  assert.match(read('CHANGELOG.md'), /^## \[Unreleased\]$/m);
  for (const file of ['CHANGELOG.md', 'SECURITY.md']) assert.ok(manifest.files.includes(file), file);
});

test('SECURITY.md names the limits that are enforced', () => {
  const security = read('SECURITY.md');
  const { size, depth, nodes } = LIMITS;
  for (const words of [
    `${size / 2 ** 20} MB for a message`,
    `${depth} levels`,
    `${nodes.toLocaleString('en')} elements`,
  ])
    assert.ok(security.includes(words), words);
});
