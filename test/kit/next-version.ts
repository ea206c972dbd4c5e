/** The version after this one, as a copy of this tree with one more step in the list of migrations. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '../../src/store/migrations.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Tables that every request reads with `select *` or writes get a column, and one of them an index. */
const EXPANDING = `
  async (db) => {
    for (const table of ['transactions', 'certificates', 'audit'] as const)
      await db.schema.alterTable(table).addColumn('of_the_next_version', 'text').execute();
    await db.schema.createIndex('of_the_next_version').on('transactions').columns(['of_the_next_version']).execute();
  },`;

/** A column that this version writes has another name. */
const CONTRACTING = `
  async (db) => {
    await db.schema.alterTable('transactions').renameColumn('nonces', 'of_the_next_version').execute();
  },`;

const STEPS = { expands: EXPANDING, contracts: CONTRACTING } as const;

/** A program that is this one, or a later version of it. `bin`: the file that Node.js runs. `schema`: the number of its migrations. */
export type Version = { bin: string; schema: number };

/** This version. */
export const THIS: Version = { bin: join(ROOT, 'bin', 'openndes.mjs'), schema: MIGRATIONS.length };

/** The next version, whose step extends the schema or changes it so that this version cannot use it. Gone with the process. */
export function nextVersion(step: keyof typeof STEPS): Version {
  const folder = mkdtempSync('/var/tmp/openndes-next-');
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const each of ['bin', 'src', 'package.json']) cpSync(join(ROOT, each), join(folder, each), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'src', 'store', 'migrations.ts');
  const schema = THIS.schema + 1;
  const text = replaced(
    readFileSync(file, 'utf8'),
    /(MIGRATIONS: readonly Migration\[\] = \[\n[^\]]*?)\n\];/,
    `$1${STEPS[step]}\n];`,
  );
  const oldest = `OLDEST_BESIDE = ${schema}`;
  writeFileSync(file, step === 'expands' ? text : replaced(text, /OLDEST_BESIDE = \d+/, oldest));
  return { bin: join(folder, 'bin', 'openndes.mjs'), schema };
}

function replaced(text: string, pattern: RegExp, by: string): string {
  assert.match(text, pattern);
  return text.replace(pattern, by);
}
