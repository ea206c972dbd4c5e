/** Style sheet, script and icon of the pages: files with their hash in the URL, so that a browser keeps them. */
import { hash } from 'node:crypto';

/** The files by their names, `pages.css`, as text. */
export type AssetTexts = Readonly<Record<string, string>>;

/** One file as it is served. */
export type Asset = { url: string; type: string; body: string };

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const DIGITS = 16;

/** Where each file is served, by its name. */
export const assetsFrom = (texts: AssetTexts): ReadonlyMap<string, Asset> =>
  new Map(Object.entries(texts).map(([name, body]) => [name, assetOf(name, body)]));

function assetOf(name: string, body: string): Asset {
  const [stem = '', ending = ''] = name.split('.');
  const url = `/admin/assets/${stem}.${hash('sha256', body, 'hex').slice(0, DIGITS)}.${ending}`;
  return { url, type: TYPES[ending] ?? 'application/octet-stream', body };
}
