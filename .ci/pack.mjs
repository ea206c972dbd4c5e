// Prepares `npm pack`. `clean` removes dist/, so that files of an older build are not packed. `assets` copies what the compiler
// does not: the style sheet, the script and the icon of the pages. `prune` removes the declarations
// that no entry point of the package reaches: nobody can import them. `strip` removes from
// package.json the optional packages that give a checkout its own Node.js: a vendor who embeds the library must not get
// a second one. `restore` puts package.json back afterwards. An interrupted pack leaves package.json.checkout behind;
// the next `npm pack`, or `npm run postpack`, restores it.
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

const MANIFEST = 'package.json';
const ORIGINAL = 'package.json.checkout';

function restore() {
  if (existsSync(ORIGINAL)) renameSync(ORIGINAL, MANIFEST);
}

function strip() {
  restore();
  const original = readFileSync(MANIFEST, 'utf8');
  const { optionalDependencies, ...packed } = JSON.parse(original);
  // Renamed when it is complete: a half-written original must never be put back.
  writeFileSync(`${ORIGINAL}.new`, original);
  renameSync(`${ORIGINAL}.new`, ORIGINAL);
  writeFileSync(MANIFEST, `${JSON.stringify(packed, null, 2)}\n`);
}

function assets() {
  for (const file of globSync('src/**/assets/*')) {
    const target = join('dist', relative('src', file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
}

const IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*['"](?<path>\.[^'"]+)['"]/g;

function prune() {
  const { exports } = JSON.parse(readFileSync(MANIFEST, 'utf8'));
  const reached = new Set();
  const visit = (file) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { groups } of readFileSync(file, 'utf8').matchAll(IMPORT))
      visit(join(dirname(file), groups.path.replace(/\.[jt]s$/, '.d.ts')));
  };
  for (const { types } of Object.values(exports)) if (types) visit(join(types));
  for (const file of globSync('dist/**/*.d.ts')) if (!reached.has(join(file))) rmSync(file);
}

const TASKS = { clean: () => rmSync('dist', { recursive: true, force: true }), assets, prune, strip, restore };
TASKS[process.argv[2]]();
