/** Files as editors and shells of Windows write them: with a byte order mark, in UTF-16, with more than one line end. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installed, run } from './installation.ts';

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const SAVE = 'Save the file as UTF-8: `Set-Content -Encoding utf8` in PowerShell, "UTF-8" in an editor.';

test('a device enrols with a challenge whose file begins with a byte order mark', async (t) => {
  const { folder, config, challenge, started } = await installed(t);
  writeFileSync(join(folder, 'challenge.txt'), `\ufeff${challenge}\r\n`, { mode: 0o600 });
  writeFileSync(config, `\ufeff${readFileSync(config, 'utf8')}`);
  const { url } = await started();
  const out = join(folder, 'laptop');
  const said = await run('enroll', url, '--subject', 'CN=laptop', '--challenge', challenge, '--out', out);
  assert.equal(said.code, 0, said.err);
});

for (const [file, what] of [
  ['challenge.txt', 'named in the configuration'],
  ['openndes.yaml', 'the configuration'],
  ['certs/issuing-ca.key.pem', 'the key of the issuing CA'],
  ['certs/chain.pem', 'the certificates above the issuing CA'],
] as const)
  test(`${file} in UTF-16 is refused with its name`, async (t) => {
    const { folder, cli } = await installed(t);
    const path = join(folder, file);
    writeFileSync(path, utf16(readFileSync(path, 'utf8')));
    const { code, err } = await cli('check');
    assert.equal(code, 78);
    assert.ok(err.includes(`${path}: text in UTF-16 (${what})`), err);
    assert.ok(err.includes(SAVE), err);
  });

for (const [title, octets] of Object.entries({
  'UTF-16 without a mark': Buffer.from('LAB-CHALLENGE-1', 'utf16le'),
  'Latin-1': Buffer.from('Zürich-LAB-1', 'latin1'),
  'a NUL': Buffer.from('LAB-CHALLENGE-1\0'),
}))
  test(`a secret with ${title} is refused at its key, and not printed`, async (t) => {
    const { folder, config, cli } = await installed(t);
    const path = join(folder, 'challenge.txt');
    writeFileSync(path, octets);
    const { code, err } = await cli('check');
    assert.equal(code, 78);
    const problem = `${config}:43:23 endpoints[0].policy.static: ${path}: not text in UTF-8 (named in the configuration). ${SAVE}`;
    assert.equal(err.split('\n')[0], problem);
    assert.doesNotMatch(err, /LAB/);
  });

test('an empty line at the end of a secret is a warning of check', async (t) => {
  const { folder, challenge, cli } = await installed(t);
  writeFileSync(join(folder, 'challenge.txt'), `${challenge}\n\n`);
  const { code, err } = await cli('check');
  assert.equal(code, 0);
  assert.match(err, /^warning: .*policy\.static: the text of the file challenge\.txt begins or ends with white space/);
});
