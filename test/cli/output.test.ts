/** Output for people: columns, and untrusted text that cannot control the terminal. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { printable, table } from '../../src/cli/output.ts';

test('control, bidirectional and unassigned characters are escaped, and letters are not', () => {
  assert.equal(
    printable('CN=\u001b[31mÅsa\n\u202e\u009b名\u{10ffff}'),
    String.raw`CN=\u{1b}[31mÅsa\u{a}\u{202e}\u{9b}名\u{10ffff}`,
  );
});

test('columns are as wide as their escaped text, and a line break in a cell is escaped', () => {
  const rows = [
    ['ID', 'NAME'],
    ['a\nb', 'x'],
  ];
  assert.equal(table(rows), ['ID       NAME', String.raw`a\u{a}b  x`].join('\n'));
});

test('a table of 200,000 rows', () => {
  const lines = table(Array.from({ length: 200_000 }, () => ['a', 'b'])).split('\n');
  assert.deepEqual([lines.length, lines.at(-1)], [200_000, 'a  b']);
});

test('a reader that goes away before the end, as `| head -1` does, makes no error', async () => {
  const bin = join(import.meta.dirname, '../../bin/openndes.mjs');
  const child = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number];
  assert.deepEqual([code, said], [0, '']);
});
