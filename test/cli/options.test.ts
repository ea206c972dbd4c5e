/** Invalid arguments are refused before the command does anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeNumber } from '../../src/cli/options.ts';
import { run } from '../app/installation.ts';

for (const args of [
  ['certs', 'list', '--limit', 'abc'],
  ['certs', 'list', '--limit', '0'],
  ['certs', 'list', '--limit', '-1'],
  ['certs', 'list', '--state', 'nonsense'],
  ['certs', 'list', '--expires-before', '90'],
  ['certs', 'list', '--expires-before', '2027-02-30'],
  ['certs', 'list', '--expires-before', '2027-13-01'],
  ['certs', 'list', '--expires-before', '2027-01-01T25:00'],
  ['certs', 'list', '--san', 'ip:1.2.3'],
  ['certs', 'list', '--thumbprint', 'abcdef'],
  ['certs', 'list', '--serial', 'xyz'],
  ['evaluate', '--port', 'abc'],
  ['evaluate', '--port', '65536'],
  ['simulator', '--port', '1.5'],
  ['simulator', '--control-port', ''],
  ['simulator', '--public-names', 'mars'],
])
  test(`openndes ${args.join(' ')} is refused, and the error names the option`, async () => {
    const { code, out, err } = await run(...args);
    assert.deepEqual([code, out], [1, '']);
    assert.ok(err.includes(args.at(-2)!), err);
  });

test('a whole number may be one of its bounds or lie between them', () => {
  const parse = wholeNumber(1, 50);
  assert.deepEqual(['1', '50', '007'].map(parse), [1, 50, 7]);
  for (const text of ['0', '51', '', ' 1', '1e1', '0x1', '9'.repeat(400)])
    assert.throws(() => parse(text), { code: 'commander.invalidArgument' }, text);
});
