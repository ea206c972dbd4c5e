/** Where a link of a page leads in the site. */
import { posix } from 'node:path';
import { SITE_PAGES, sitePath } from './navigation.ts';

/** What becomes of a link: a page or another address, a file that the site has a copy of, or a file that it does not have. */
export type Destination = { href: string } | { copy: string } | { file: string };

const byPath = new Map(SITE_PAGES.map((file) => [sitePath(file), file]));

/** The page of the repository that the site has at a path such as `intune.md`; undefined for a page of the site's own. */
export const repositoryFile = (page: string): string | undefined => byPath.get(`/${page.replace(/\.md$/, '')}`);

/** Whether a link stays below the repository: not one to another host, and not one within the page. */
export const isRelative = (href: string): boolean => !/^(?:[a-z]+:|#|\/)/i.test(href);

/**
 * A relative link as the site has it.
 * @param from the page with the link, by its path from the root of the repository
 * @param source where the files of the repository can be read, with a slash at the end; without it such a link has no address
 */
export function destination(from: string, href: string, source?: string): Destination {
  const [path = '', fragment] = href.split('#');
  const file = posix.normalize(posix.join(posix.dirname(from), path));
  const rest = fragment === undefined ? '' : `#${fragment}`;
  if (file === 'README.md') return { href: '/index.md' };
  // A page of docs/ that does not exist keeps its link, so that VitePress finds it.
  if (SITE_PAGES.includes(file) || /^docs\/.*\.md$/.test(file)) return { href: `${sitePath(file)}.md${rest}` };
  if (file.startsWith('docs/entra/')) return { copy: file.slice('docs'.length) };
  return source === undefined ? { file } : { href: `${source}${file}${rest}` };
}

/** Where the site has a picture of a page: the pictures beside the pages are at its root. */
export const picture = (from: string, src: string): string =>
  isRelative(src) ? posix.join('/', posix.relative('docs', posix.join(posix.dirname(from), src))) : src;

/** The id of a heading, by the rule of GitHub, so that links work in the repository and in the site. */
export const headingId = (title: string): string =>
  title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
