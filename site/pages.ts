/** The pages of the repository, put together for VitePress below target/pages. They are copied for a build only. */
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { firstPage } from './first-page.ts';
import { SITE_PAGES, sitePath } from './navigation.ts';

const REPOSITORY = join(import.meta.dirname, '..');
const PAGES = join(import.meta.dirname, 'target', 'pages');

/** What the navigation and docs/ do not have in common; empty when the build may go on. */
export function navigationFaults(): string[] {
  const pages = globSync('docs/*.md', { cwd: REPOSITORY }).map((file) => file.replaceAll('\\', '/'));
  return [
    ...pages.filter((page) => !SITE_PAGES.includes(page)).map((page) => `${page}: is not in site/navigation.ts`),
    ...SITE_PAGES.filter((page) => page.startsWith('docs/') && !pages.includes(page)).map(
      (page) => `${page}: is in site/navigation.ts and does not exist`,
    ),
    ...SITE_PAGES.filter((page, at) => SITE_PAGES.indexOf(page) !== at).map(
      (page) => `${page}: is twice in site/navigation.ts`,
    ),
  ];
}

/** A page as the site has it: comments mark generated parts, and are not for readers. */
const withoutComments = (text: string): string => text.replaceAll(/^<!--.*-->\n/gm, '');

/** Writes target/pages anew. */
export function collectPages(): void {
  rmSync(PAGES, { recursive: true, force: true });
  const open = join(PAGES, 'public');
  mkdirSync(open, { recursive: true });
  for (const file of SITE_PAGES)
    writeFileSync(join(PAGES, `${sitePath(file)}.md`), withoutComments(readFileSync(join(REPOSITORY, file), 'utf8')));
  writeFileSync(join(PAGES, 'index.md'), firstPage());
  copyFileSync(join(REPOSITORY, 'src/admin/pages/assets/icon.svg'), join(open, 'icon.svg'));
  cpSync(join(REPOSITORY, 'docs/entra'), join(open, 'entra'), { recursive: true });
  cpSync(join(REPOSITORY, 'docs/pictures'), join(open, 'pictures'), { recursive: true });
  for (const picture of globSync('docs/*.{svg,png}', { cwd: REPOSITORY }))
    copyFileSync(join(REPOSITORY, picture), join(open, basename(picture)));
}
