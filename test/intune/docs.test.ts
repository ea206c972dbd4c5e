/** docs/intune.md has every code, HRESULT and host of the product, as the tables have them, and no other. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { REFUSALS } from '../../src/core/errors.ts';
import { type CloudName, resolveCloud } from '../../src/intune/clouds.ts';
import { INTUNE_CODES } from '../../src/intune/answer-codes.ts';
import { ENTRA_CODES } from '../../src/intune/entra-faults.ts';
import { customerHresult } from '../../src/intune/scep-actions.ts';

const page = await readFile(new URL('../../docs/intune.md', import.meta.url), 'utf8');

/** The rows, cell by cell, of the table whose heading begins with this cell. */
function rowsOf(heading: string): string[][] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  assert.ok(at >= 0, `no table of ${heading}`);
  const rows = lines.slice(at + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => line.slice(2, -2).split(' | '));
}

const CODES = { Code: INTUNE_CODES, 'Entra code': ENTRA_CODES };

describe('docs/intune.md', () => {
  for (const [heading, codes] of Object.entries(CODES))
    test(`${heading}: lists the codes of the product, each with its meaning and remedy, and no others`, () => {
      const rows = Object.entries(codes).map(([code, { meaning, remedy }]) => [`\`${code}\``, meaning, remedy]);
      assert.ok(rows.length > 5);
      assert.deepEqual(rowsOf(heading), rows);
    });

  test('lists the HRESULTs of the refusals as Intune shows them, and no others', () => {
    const shown = Object.values(REFUSALS).map(
      ({ hresult }) => `\`0x${(customerHresult(hresult) >>> 0).toString(16).toUpperCase()}\``,
    );
    assert.deepEqual(
      rowsOf('In the console').map(([hresult]) => hresult),
      [...new Set(shown)].toSorted(),
    );
  });

  test('lists the clouds that have a name, and no others', () => {
    const listed = rowsOf('`cloud`').map(([first = '']) => /^`([^`]+)`/.exec(first)?.[1]);
    // The keys of a record of them: a cloud that is missing here does not compile.
    const clouds: Record<CloudName, true> = { public: true, 'gcc-high': true, dod: true, china: true };
    assert.deepEqual(listed, Object.keys(clouds));
  });

  for (const name of ['public', 'gcc-high', 'dod'] as const)
    test(`has the hosts of ${name}`, () => {
      const { login, graph, intune } = resolveCloud(name);
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      for (const url of [login, graph, intune]) assert.ok(row.includes(`\`${new URL(url).host}\``), url);
    });
});
