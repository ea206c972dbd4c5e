/** `openndes enroll`: the CA that is pinned, and the challenge that is no argument. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exposure } from '../../src/cli/pinning.ts';
import { installed, run } from '../app/installation.ts';

const BIN = join(import.meta.dirname, '../../bin/openndes.mjs');

test('--fingerprint: the root of the server is accepted; with another the challenge is not sent', async (t) => {
  const { folder, challenge, started, cli } = await installed(t);
  const { url } = await started();
  const ca = new X509Certificate(readFileSync(join(folder, 'certs/root-ca.pem')));
  const enroll = (fingerprint: string) =>
    run(
      'enroll',
      url,
      '--subject',
      'CN=laptop',
      '--challenge',
      challenge,
      '--out',
      join(folder, 'laptop'),
      '--fingerprint',
      fingerprint,
    );
  const refused = await enroll('0'.repeat(64));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /GetCACert: no certificate has the fingerprint of --fingerprint/);
  assert.equal((await cli('certs', 'list', '--json')).out, '[]');
  const accepted = await enroll(ca.fingerprint256);
  assert.equal(accepted.code, 0, accepted.err);
  assert.notEqual((await enroll('abc')).code, 0);
});

test('--challenge-file: the first line of a file, or of standard input', async (t) => {
  const { folder, challenge, started } = await installed(t);
  const { url } = await started();
  const file = join(folder, 'a-challenge');
  const args = (from: string) => [
    'enroll',
    url,
    '--subject',
    `CN=laptop`,
    '--challenge-file',
    from,
    '--out',
    join(folder, from === '-' ? 'piped' : 'filed'),
  ];
  for (const [content, code] of [
    ['', 78],
    ['wrong\n', 2],
    [`\uFEFF${challenge}\r\nsecond line\n`, 0],
  ] as const) {
    writeFileSync(file, content);
    assert.equal((await run(...args(file))).code, code, content);
  }
  assert.equal((await run(...args(join(folder, 'missing')), '--force')).code, 78);
  const piped = await new Promise<string>((resolve) => {
    const child = execFile(process.execPath, [BIN, ...args('-')], (error, out, err) => resolve(error ? err : out));
    child.stdin?.end(`${challenge}\n`);
  });
  assert.match(piped, /subject: CN=laptop/);
});

for (const [url, warned] of [
  ['http://scep.example.com/scep', true],
  ['http://10.0.0.1/scep', true],
  ['http://127.0.0.1.example.com/scep', true],
  ['https://scep.example.com/scep', false],
  ['http://127.0.0.1:8080/scep', false],
  ['http://[::1]:8080/scep', false],
  ['http://localhost/scep', false],
] as const)
  test(`without --fingerprint ${url} is ${warned ? '' : 'not '}warned of`, () =>
    assert.equal(exposure(url) !== undefined, warned));
