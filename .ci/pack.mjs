// Prepares `npm pack`. `clean` removes what an older build left in dist/, or it would be packed. `strip` takes out of
// package.json the optional packages that bring a checkout its own Node.js: a vendor who embeds the library must not get
// one too. `restore` puts package.json back afterwards. A pack that was interrupted in between leaves
// package.json.checkout behind; the next `npm pack`, or `npm run postpack`, puts it right.
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
  // Whole or not at all: a half-written original must never be put back.
  writeFileSync(`${ORIGINAL}.new`, original);
  renameSync(`${ORIGINAL}.new`, ORIGINAL);
  writeFileSync(MANIFEST, `${JSON.stringify(packed, null, 2)}\n`);
}

const TASKS = { clean: () => rmSync('dist', { recursive: true, force: true }), strip, restore };
TASKS[process.argv[2]]();
