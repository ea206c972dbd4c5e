/** What is printed for people: columns, and nothing that speaks to a terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, table } from '../../src/cli/output.ts';

test('control, bidirectional and unassigned characters are spelt out, and letters stay', () => {
  assert.equal(
    printable('CN=\u001b[31mÅsa\n\u202e\u009b名\u{10ffff}'),
    String.raw`CN=\u{1b}[31mÅsa\u{a}\u{202e}\u{9b}名\u{10ffff}`,
  );
});

test('columns are as wide as what is printed, and no cell ends its row', () => {
  const rows = [
    ['ID', 'NAME'],
    ['a\nb', 'x'],
  ];
  assert.equal(table(rows), ['ID       NAME', String.raw`a\u{a}b  x`].join('\n'));
});
