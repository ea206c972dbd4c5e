/** Files that belong together are written together. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeTogether } from '../../src/app/new-files.ts';

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-files-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a secret file is for its owner alone, another one for all', (t) => {
  const folder = newFolder(t);
  const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
  writeTogether([
    { path: key, content: 'a', secret: true },
    { path: certificate, content: 'b' },
  ]);
  assert.deepEqual(
    [key, certificate].map((path) => statSync(path).mode & 0o777),
    [0o600, 0o644],
  );
  assert.deepEqual(
    [key, certificate].map((path) => readFileSync(path, 'utf8')),
    ['a', 'b'],
  );
});

test('when one file cannot be written, none is, and nothing else is left', (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'file'), '');
  assert.throws(
    () =>
      writeTogether([
        { path: join(folder, 'first'), content: 'a' },
        { path: join(folder, 'file', 'second'), content: 'b' },
      ]),
    { name: 'ConfigError', message: `${join(folder, 'file', 'second')}: a part of the path is a file` },
  );
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a file that is there with the same content stays, one with another content stops everything', (t) => {
  const folder = newFolder(t);
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  writeFileSync(first, 'a');
  writeTogether([{ path: first, content: 'a' }]);
  const files = [
    { path: second, content: 'b' },
    { path: first, content: 'other' },
  ];
  assert.throws(() => writeTogether(files), { name: 'ConfigError', message: `${first} is already there` });
  assert.deepEqual(readdirSync(folder), ['first']);
  assert.equal(readFileSync(first, 'utf8'), 'a');
});
