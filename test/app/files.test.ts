/** What is written beside a file before it takes its place, and what is left of it. */
import assert from 'node:assert/strict';
import {
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
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writePrivateFile, writePublicFile } from '../../src/app/files.ts';

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
