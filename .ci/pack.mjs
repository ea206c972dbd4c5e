// Prepares `npm pack`. `clean` removes dist/, so that files of an older build are not packed. `strip` removes from
// package.json the optional packages that give a checkout its own Node.js: a vendor who embeds the library must not get
// a second one. `restore` puts package.json back afterwards. An interrupted pack leaves package.json.checkout behind;
// the next `npm pack`, or `npm run postpack`, restores it.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

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

const TASKS = { clean: () => rmSync('dist', { recursive: true, force: true }), strip, restore };
TASKS[process.argv[2]]();
