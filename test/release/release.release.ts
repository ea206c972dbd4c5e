/**
 * The files of a release, made twice from a copy of this tree: they are the same, a reader can verify them with sha256sum and ssh-keygen,
 * lintian finds nothing, and the server in the Debian package enrols a device. `npm run test:release`; `.ci/run` installs the programs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, after, test } from 'node:test';
import { CHECKOUT, committedCopy, said, temporary } from './tree.ts';
import { enrolledBy } from './unpacked-server.ts';

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { version: string };
const [tree, key, unpacked] = ['tree', 'key', 'unpacked'].map((name) => join(temporary, name)) as [
  string,
  string,
  string,
];
const outs = ['first', 'second'].map((name) => join(temporary, name)) as [string, string];
const deb = join(outs[0], `openndes_${version}_${ARCHITECTURE}.deb`);
const env = { SOURCE_DATE_EPOCH: '1764547200', DEBEMAIL: 'Release <release@example.com>' };

const release = (out: string) =>
  spawnSync(
    process.execPath,
    ['.ci/release/main.ts', '--quick', '--out', out, '--architecture', ARCHITECTURE, '--sign', key],
    { cwd: tree, encoding: 'utf8', env: { ...process.env, ...env } },
  );

before(() => {
  committedCopy(tree);
  said(temporary, 'ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'release@example.com', '-f', key);
  for (const out of outs) {
    const { status, stderr } = release(out);
    assert.equal(status, 0, stderr);
  }
  said(temporary, 'dpkg-deb', '--extract', deb, unpacked);
});
after(() => rmSync(temporary, { recursive: true }));

test('the same commit gives the same octets', () => {
  const sums = outs.map((out) => readFileSync(join(out, 'SHA256SUMS'), 'utf8'));
  assert.equal(sums[0], sums[1]);
  assert.deepEqual(
    [...(sums[0] ?? '').matchAll(/ {2}(.*)$/gm)].map(([, file]) => file),
    [
      `openndes-${version}.cdx.json`,
      `openndes-${version}.spdx.json`,
      `openndes-${version}.tgz`,
      `openndes_${version}_${ARCHITECTURE}.deb`,
      `openndes_${version}_${ARCHITECTURE}.deb.cdx.json`,
      `openndes_${version}_${ARCHITECTURE}.deb.spdx.json`,
    ],
  );
});

/** What docs/releases.md tells a reader to do. */
function verify(out: string) {
  const signers = join(temporary, 'allowed_signers');
  writeFileSync(signers, `release@example.com ${readFileSync(`${key}.pub`, 'utf8')}`);
  const verified = spawnSync(
    'ssh-keygen',
    ['-Y', 'verify', '-f', signers, '-I', 'release@example.com', '-n', 'openndes-release', '-s', 'SHA256SUMS.sig'],
    { cwd: out, input: readFileSync(join(out, 'SHA256SUMS')) },
  );
  const checked = spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out });
  return [verified.status, checked.status];
}

test('a reader verifies the signature and the sums, and notices what was changed', () => {
  assert.deepEqual(verify(outs[0]), [0, 0]);
  const [, out] = outs;
  appendFileSync(join(out, `openndes-${version}.tgz`), '\n');
  assert.deepEqual(verify(out), [0, 1]);
  appendFileSync(join(out, 'SHA256SUMS'), '\n');
  assert.deepEqual(verify(out), [255, 1]);
});

test('what is not committed stops a release, because it would not be in it', () => {
  writeFileSync(join(tree, 'docs', 'new.md'), '');
  const { status, stderr } = release(join(temporary, 'third'));
  rmSync(join(tree, 'docs', 'new.md'));
  assert.equal(status, 1);
  assert.match(stderr, /Not committed[^\n]*\n.*docs\/new\.md/);
});

test('lintian finds neither an error nor a warning in the Debian package', () => {
  const { status, stdout } = spawnSync('lintian', ['--fail-on', 'error,warning', deb], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('the server of the Debian package enrols a device with its own Node.js', async () =>
  assert.equal(await enrolledBy(unpacked, temporary), 'CN=from-the-package'));

test('the list of what is inside names the packages that are there, each with its version, and no other', () => {
  const list = JSON.parse(readFileSync(`${deb}.cdx.json`, 'utf8')) as {
    components: { name: string; version: string }[];
  };
  const modules = join(unpacked, 'usr/lib/openndes/node_modules');
  const found = globSync(
    ['**/node_modules/*/package.json', '**/node_modules/@*/*/package.json', '*/package.json', '@*/*/package.json'],
    {
      cwd: modules,
    },
  ).map((file) => {
    const { name, version } = JSON.parse(readFileSync(join(modules, file), 'utf8')) as {
      name: string;
      version: string;
    };
    return `${name}@${version}`;
  });
  const node = `node-linux-${process.arch}@${said(temporary, join(unpacked, 'usr/lib/openndes/node'), '--version').trim().slice(1)}`;
  assert.deepEqual(
    [...new Set(list.components.map(({ name, version }) => `${name}@${version}`))].sort(),
    [...new Set([...found, node])].sort(),
  );
});

test('the unit of the package is that of deploy/systemd, with the paths of the package', () => {
  const own = readFileSync(join(CHECKOUT, 'deploy/systemd/openndes.service'), 'utf8').split('\n');
  const packed = readFileSync(join(unpacked, 'usr/lib/systemd/system/openndes.service'), 'utf8').split('\n');
  assert.deepEqual(
    packed.filter((line) => !own.includes(line)),
    [
      '# Changes belong in /etc/systemd/system/openndes.service.d/*.conf (systemctl edit openndes).',
      'ExecStart=/usr/lib/openndes/node /usr/lib/openndes/bin/openndes.mjs serve --config /etc/openndes/openndes.yaml',
    ],
  );
  assert.equal(packed.length, own.length);
});

test('shellcheck finds nothing in the scripts of the package', () => {
  const folder = join(CHECKOUT, '.ci/release/debian');
  const scripts = ['openndes', 'postinst', 'prerm', 'postrm'].map((name) => join(folder, name));
  const { status, stdout } = spawnSync('shellcheck', scripts, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('hadolint finds nothing in the file of the image', () => {
  const hadolint = join(import.meta.dirname, 'target/bin/hadolint');
  const { status, stdout, error } = spawnSync(hadolint, [join(CHECKOUT, 'docker/Dockerfile')], { encoding: 'utf8' });
  assert.equal(status, 0, `${basename(hadolint)}: ${stdout}${error ?? ''}`);
});
