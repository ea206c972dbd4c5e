/** The canonical form of a path, also of one that was made to take long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalPath } from '../../src/http/paths.ts';

for (const [path, canonical] of Object.entries({
  '/': '/',
  '': '/',
  '/pkiclient.exe': '/',
  '/SCEP//Lab/': '/scep/lab',
  '/scep/PKIClient.exe/pkiclient.exe//': '/scep',
  '/scep/%70kiclient.exe': '/scep',
  '/scep/pkiclient.exe/x': '/scep/pkiclient.exe/x',
  '/scep/pkiclient.exes': '/scep/pkiclient.exes',
  '/100%': '/100%',
}))
  test(`${path} is ${canonical}`, () => assert.equal(canonicalPath(path), canonical));

test('a path of more than 2048 characters matches no endpoint and stays as it is', { timeout: 30_000 }, () => {
  for (const part of ['/', '/pkiclient.exe', '/pkiclient.exe/x', '%2f']) {
    const path = `/scep${part.repeat(126 * 1024)}`;
    assert.equal(canonicalPath(path), path);
  }
  assert.equal(canonicalPath(`/scep${'/'.repeat(2043)}`), '/scep');
});
