/** What the package exports: every type in an exported signature can be imported by name, from the entry that it belongs to. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { after, before, test } from 'node:test';
import { unexportedTypes } from './exported-types.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(CHECKOUT, path), 'utf8');
type Entry = { types: string; default: string };
const manifest = JSON.parse(read('package.json')) as { exports: Record<string, Entry | string> };
const entries = Object.entries(manifest.exports).flatMap(([name, at]) =>
  typeof at === 'string' ? [] : [{ name, ...at }],
);

let dir: string;
before(() => {
  // Inside the checkout, so that fastify, pino and node: are found as they are from dist/.
  dir = realpathSync(mkdtempSync(join(CHECKOUT, 'node_modules/.exports-')))
    .split(sep)
    .join('/');
  execFileSync(process.execPath, [
    join(CHECKOUT, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(CHECKOUT, 'tsconfig.build.json'),
    '--emitDeclarationOnly',
    // The same declarations in half the time; `npm run typecheck` is what looks for wrong types.
    '--noCheck',
    '--outDir',
    join(dir, 'dist'),
  ]);
});
after(() => rmSync(dir, { recursive: true }));

/** The types that are missing when these are the entry points. */
function missing(files: readonly string[]): string[] {
  const tsconfig = `${dir}/tsconfig.json`;
  const compilerOptions = { module: 'nodenext', target: 'es2024', types: ['node'], skipLibCheck: true, noEmit: true };
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, files }));
  return unexportedTypes({ dir: `${dir}/dist`, tsconfig, entries: files });
}

const fileOf = ({ types }: Pick<Entry, 'types'>): string => `${dir}/${types.slice('./'.length)}`;

test('the package has these entry points', () =>
  assert.deepEqual(
    entries.map(({ name }) => name),
    ['.', './store', './testing', './simulator'],
  ));

test('every type in an exported signature can be imported by name', () =>
  assert.deepEqual(missing(entries.map(fileOf)), []));

test('the search finds a type that is not exported: without openndes/store the parts of a store are missing', () => {
  const found = missing(entries.filter(({ name }) => name !== './store').map(fileOf));
  assert.ok(found.includes('CertificateStore of /core/store.d.ts'), found.join());
});
