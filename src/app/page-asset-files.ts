/** The files of the administrator's pages, as they stand beside the code. */
import { readFileSync } from 'node:fs';
import type { AssetTexts } from '../admin/pages/page-assets.ts';

const NAMES = ['pages.css', 'pages.js', 'icon.svg'];
const FOLDER = new URL('../admin/pages/assets/', import.meta.url);

/** All of them, as text. */
export const pageAssetTexts = (): AssetTexts =>
  Object.fromEntries(NAMES.map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]));
