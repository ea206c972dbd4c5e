/** Builds the documentation into site/target/html. `npm ci --prefix site --ignore-scripts` comes first. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { deadLinks } from './built-links.ts';
import { BASE } from './markdown.ts';
import { collectPages, navigationFaults } from './pages.ts';

const FOLDER = import.meta.dirname;
const HTML = join(FOLDER, 'target', 'html');

function fail(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 1;
}

/** VitePress ends with an error at a link to a page that does not exist. */
const vitepress = (): boolean =>
  spawnSync(process.execPath, [join(FOLDER, 'node_modules/vitepress/bin/vitepress.js'), 'build'], {
    cwd: FOLDER,
    stdio: 'inherit',
  }).status === 0;

function build(): void {
  const faults = navigationFaults();
  if (faults.length > 0) return fail(faults);
  collectPages();
  if (!vitepress()) return fail(['The site was not built. Is VitePress there? npm ci --prefix site --ignore-scripts']);
  const dead = deadLinks(HTML, BASE);
  if (dead.length > 0) return fail([`${dead.length} links of the site lead nowhere:`, ...dead]);
  process.stdout.write(`${globSync('**/*.html', { cwd: HTML }).length} pages in ${HTML}\n`);
}

build();
