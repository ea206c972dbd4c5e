/** docs/intune.md says of every code what the tables of the product say. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { REFUSALS } from '../../src/core/errors.ts';
import { resolveCloud } from '../../src/intune/clouds.ts';
import { INTUNE_CODES } from '../../src/intune/codes.ts';
import { ENTRA_CODES } from '../../src/intune/entra-faults.ts';
import { customerHresult } from '../../src/intune/scep-actions.ts';

const page = await readFile(new URL('../../docs/intune.md', import.meta.url), 'utf8');

describe('docs/intune.md', () => {
  for (const [code, { meaning, remedy }] of Object.entries({ ...INTUNE_CODES, ...ENTRA_CODES }))
    test(`has ${code}`, () => {
      assert.ok(page.includes(`| \`${code}\` | ${meaning} | ${remedy} |`));
    });

  for (const hresult of new Set(Object.values(REFUSALS).map((row) => row.hresult)))
    test(`has the HRESULT ${hresult} as Intune shows it`, () => {
      const shown = (customerHresult(hresult) >>> 0).toString(16).toUpperCase();
      assert.ok(page.includes(`| \`0x${shown}\` |`), shown);
    });

  for (const name of ['public', 'gcc-high', 'dod'] as const)
    test(`has the hosts of ${name}`, () => {
      const { login, graph, intune } = resolveCloud(name);
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      for (const url of [login, graph, intune]) assert.ok(row.includes(`\`${new URL(url).host}\``), url);
    });
});
