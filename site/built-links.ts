/** Reads the built pages and finds links, anchors and files that do not exist. VitePress looks at links to pages only. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const values = (html: string, attribute: string): string[] =>
  [...html.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) => value);

/** A path within the site without its base, decoded; undefined for an address elsewhere. */
function withinSite(href: string, page: string, base: string): string | undefined {
  if (href.startsWith('#')) return `${page}${decodeURIComponent(href)}`;
  if (/^(?:[a-z]+:|\/\/)/i.test(href)) return undefined;
  const path = href.startsWith('/') ? href.slice(base.length - 1) : posix.join('/', posix.dirname(page), href);
  return decodeURIComponent(path).replace(/^\//, '');
}

/**
 * What is dead in a folder of built pages: `page.html: target`, sorted.
 * @param base path of the site, with a slash at both ends
 */
export function deadLinks(folder: string, base: string): string[] {
  const pages = new Map(
    globSync('**/*.html', { cwd: folder }).map((file) => [
      file.replaceAll('\\', '/'),
      readFileSync(join(folder, file), 'utf8'),
    ]),
  );
  const ids = new Map([...pages].map(([page, html]) => [page, new Set(values(html, 'id'))]));
  const isDead = (target: string): boolean => {
    const [path = '', fragment] = target.split('#');
    const file = path === '' ? 'index.html' : path;
    if (!existsSync(join(folder, file))) return !existsSync(join(folder, `${file}.html`));
    return fragment !== undefined && fragment !== '' && ids.get(file)?.has(fragment) === false;
  };
  const found = [...pages].flatMap(([page, html]) =>
    [...values(html, 'href'), ...values(html, 'src')].flatMap((href) => {
      const target = withinSite(href, page, base);
      return target !== undefined && isDead(target) ? [`${page}: ${href}`] : [];
    }),
  );
  return [...new Set(found)].sort();
}
