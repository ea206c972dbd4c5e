/** The package as others get it: packed, installed into an empty project, compiled against and run. Needs the registry. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { output, run } from '../interop/kit/children.ts';
import { writeVendorFiles } from './vendor-files.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
/** Not needed for packing, or linked instead of copied. */
const NOT_COPIED = ['node_modules', '.git', 'dist', 'data'];
/** A Node.js of the checkout would be 120 MB. */
const MOST_OCTETS = 6 * 1024 * 1024;
const COMPILER = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
    outDir: 'out',
  },
  files: ['vendor.ts', 'policy-suite.ts', 'store-suite.ts', 'simulator.ts'],
};

type Manifest = { version: string; dependencies: Record<string, string>; devDependencies: Record<string, string> };
const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as Manifest;

const temporary = mkdtempSync(join(tmpdir(), 'openndes-package-'));
const checkout = join(temporary, 'checkout');
const project = join(temporary, 'project');
const installed = join(project, 'node_modules/openndes');
const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };
const command = join(project, 'node_modules/.bin/openndes');

before(async () => {
  // A copy is packed, because packing writes to the folder while other tests read this one.
  const filter = (path: string): boolean => dirname(path) !== CHECKOUT || !NOT_COPIED.includes(basename(path));
  cpSync(CHECKOUT, checkout, { recursive: true, filter });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'));
  const tarball = await pack();
  cpSync(join(import.meta.dirname, 'example'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(COMPILER));
  const { devDependencies, dependencies } = manifest;
  const others = ['typescript', '@types/node', 'fastify'].map(
    (name) => `${name}@${devDependencies[name] ?? dependencies[name]}`,
  );
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  await output('npm', ['install', ...quiet, tarball, ...others], { cwd: project, env });
  await output(join(project, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: project, env });
});
after(() => rmSync(temporary, { recursive: true }));

/** The tarball's path. */
async function pack(): Promise<string> {
  await output('npm', ['pack', '--pack-destination', temporary], { cwd: checkout, env });
  return join(temporary, `openndes-${manifest.version}.tgz`);
}

const originals = ['package.json', 'package.json.checkout'];
const inCheckout = (): (string | undefined)[] =>
  originals.map((name) => {
    const path = join(checkout, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  });

test('packing leaves the checkout as it was, also after an earlier pack was interrupted', async () => {
  const original = readFileSync(join(CHECKOUT, 'package.json'), 'utf8');
  assert.deepEqual(inCheckout(), [original, undefined]);
  await output(process.execPath, ['.ci/pack.mjs', 'strip'], { cwd: checkout });
  assert.equal(inCheckout()[1], original);
  await pack();
  assert.deepEqual(inCheckout(), [original, undefined]);
});

test('the package brings no Node.js', () => {
  const packages = readdirSync(join(project, 'node_modules'));
  assert.deepEqual(
    packages.filter((name) => /^node(-|$)/.test(name)),
    [],
  );
  const packed = readFileSync(join(installed, 'package.json'), 'utf8');
  assert.doesNotMatch(packed, /optionalDependencies|node-linux/);
});

test('the package has licence, documents and declarations, no TypeScript source, and is small', () => {
  const files = globSync('**/*', { cwd: installed, exclude: ['node_modules'] }).filter((path) =>
    statSync(join(installed, path)).isFile(),
  );
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'dist/index.js', 'dist/index.d.ts'])
    assert.ok(files.includes(file), file);
  assert.deepEqual(
    files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts')),
    [],
  );
  const octets = files.reduce((sum, path) => sum + statSync(join(installed, path)).size, 0);
  assert.ok(octets < MOST_OCTETS, `${octets} octets`);
});

test('the installed command prints its version, makes a CA, checks it and has help', async () => {
  const openndes = (...args: string[]) => output(command, args, { cwd: project, env });
  assert.equal((await openndes('--version')).trim(), manifest.version);
  await openndes('init', 'ca', '--key', 'p256');
  assert.match(await openndes('check', '--config', 'ca/openndes.yaml'), /in order/);
  assert.match(await openndes('enroll', '--help'), /Example:\n {2}openndes enroll/);
});

test('the contract suites of openndes/testing run from the package', async () => {
  const suites = ['out/policy-suite.js', 'out/store-suite.js'];
  const { NODE_TEST_CONTEXT: _outer, ...inherited } = process.env;
  const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...suites], {
    cwd: project,
    encoding: 'utf8',
    env: inherited,
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /ok \d+ - Policy contract: inventory/);
  assert.match(stdout, /ok \d+ - an issuance is one transaction, one certificate and one line of history: counting/);
});

test('a vendor goes from npm init to a passing contract suite by docs/vendors.md', async () => {
  const folder = join(temporary, 'my-ca');
  mkdirSync(folder);
  await output('npm', ['init', '-y'], { cwd: folder, env });
  const tarball = join(temporary, `openndes-${manifest.version}.tgz`);
  await output('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], { cwd: folder, env });
  assert.deepEqual(writeVendorFiles(folder), ['my-ca.mjs', 'fake-ca.mjs', 'my-ca.test.mjs']);
  const { NODE_TEST_CONTEXT: _outer, ...inherited } = process.env;
  const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: folder,
    encoding: 'utf8',
    env: inherited,
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /ok \d+ - Issuer contract: my-ca/);
  assert.match(stdout, /^# pass 11$/m);
});

test('a test starts the simulated tenant of openndes/simulator', async () => {
  const printed = JSON.parse(await output(process.execPath, ['out/simulator.js'], { cwd: project })) as {
    cloud: { intune: string };
    challenge: string;
  };
  assert.match(printed.cloud.intune, /^https:\/\/127\.0\.0\.1:\d+/);
  assert.ok(printed.challenge.length > 100);
});

test('a vendor compiles against the package, mounts it in an existing app, and a device enrols through it', async () => {
  const challenge = 'known-to-the-vendor';
  const vendor = spawn(process.execPath, ['out/vendor.js', challenge], {
    cwd: project,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(createInterface({ input: vendor.stdout }), 'line')) as [string];
    assert.deepEqual(await (await fetch(new URL('/', url))).json(), { vendor: 'still serves its own pages' });
    const enroll = (password: string, out: string) =>
      run(command, ['enroll', url, '--subject', 'CN=device', '--challenge', password, '--out', out, '--json'], {
        cwd: project,
        env,
      });
    const refused = await enroll('something-else', 'refused');
    assert.equal(refused.code, 2, refused.stderr);
    const issued = await enroll(challenge, 'issued');
    assert.equal(issued.code, 0, issued.stderr);
    assert.match(issued.stdout, /"issuer":"CN=Vendor CA"/);
    const [certificate, chain] = ['certificate.pem', 'chain.pem'].map((name) => join(project, 'issued', name));
    await output('openssl', ['verify', '-CAfile', chain!, certificate!]);
  } finally {
    vendor.stdin.end();
    await once(vendor, 'close');
  }
  assert.equal(vendor.exitCode, 0);
});
