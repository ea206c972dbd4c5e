/** What is written beside a file before it takes its place, and what is left of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readFile, readTrustedFile, writePrivateFile, writePublicFile } from '../../src/app/files.ts';

const permissions = (path: string): string => (statSync(path).mode & 0o777).toString(8);

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'openndes-files-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a private file is private, whatever lies beside it or at its place', (t) => {
  const at = directory(t);
  const key = join(at, 'ca.key.pem');
  const elsewhere = join(at, 'elsewhere');
  writeFileSync(elsewhere, 'theirs', { mode: 0o644 });
  for (const prepare of [
    () => writeFileSync(`${key}.new`, 'left by an earlier run', { mode: 0o644 }),
    () => symlinkSync(elsewhere, `${key}.new`),
    () => writeFileSync(key, 'older', { mode: 0o644 }),
    () => symlinkSync(elsewhere, key),
  ]) {
    prepare();
    writePrivateFile(key, 'PRIVATE');
    assert.deepEqual([readFileSync(key, 'utf8'), permissions(key)], ['PRIVATE', '600']);
    for (const file of [key, `${key}.new`]) rmSync(file, { force: true });
  }
  assert.equal(readFileSync(elsewhere, 'utf8'), 'theirs');
});

test('nothing is left beside a file, written or not', (t) => {
  const at = directory(t);
  writePublicFile(join(at, 'ca.pem'), 'PUBLIC');
  mkdirSync(join(at, 'taken', 'full'), { recursive: true });
  assert.throws(() => writePrivateFile(join(at, 'taken'), 'PRIVATE'));
  assert.deepEqual(readdirSync(at).toSorted(), ['ca.pem', 'taken']);
});

const ONLY_POSIX = { skip: process.platform === 'win32' };

test('a pipe without a writer is refused where the server reads, and not waited for', ONLY_POSIX, (t) => {
  const pipe = join(directory(t), 'challenge.txt');
  assert.equal(spawnSync('mkfifo', ['-m', '600', pipe]).status, 0);
  const files = new URL('../../src/app/files.ts', import.meta.url).href;
  // In a process of its own: it would wait for ever.
  for (const read of ['readFileAtOnce', 'readTextFile', 'readPrivateFile']) {
    const script = `import(${JSON.stringify(files)}).then((files) => files.${read}(${JSON.stringify(pipe)}, 'a secret'))`;
    const { signal, stderr } = spawnSync(process.execPath, ['-e', script], { timeout: 20_000 });
    assert.equal(signal, null, read);
    assert.match(stderr.toString(), /challenge\.txt: not a regular file \(a secret\)/);
  }
});

test('a file that never ends is refused, and so is one of more than 16 MB where the server reads', ONLY_POSIX, (t) => {
  assert.throws(
    () => readTrustedFile('/dev/zero', 'a list'),
    /^ConfigError: \/dev\/zero: not a regular file \(a list\)$/,
  );
  assert.throws(
    () => readFile('/dev/zero', 'a message', 1_000_000),
    /^ConfigError: \/dev\/zero: more than 1000000 octets/,
  );
  const path = join(directory(t), 'long');
  writeFileSync(path, '');
  truncateSync(path, 16 * 1024 * 1024);
  assert.equal(readTrustedFile(path, 'a list').length, 16 * 1024 * 1024);
  truncateSync(path, 16 * 1024 * 1024 + 1);
  assert.throws(() => readTrustedFile(path, 'a list'), /more than 16777216 octets \(a list\)$/);
  assert.equal(readFile(path, 'certificates').length, 16 * 1024 * 1024 + 1);
});
