/** The settings of VitePress. The paths are below site/. */
import { readFileSync } from 'node:fs';
import { BASE, markdown } from './markdown.ts';
import { NAVIGATION, sitePath } from './navigation.ts';

const { version } = JSON.parse(readFileSync('../package.json', 'utf8')) as { version: string };

const sidebar = NAVIGATION.map(({ title, pages }) => ({
  text: title,
  collapsed: false,
  items: pages.map(([file, text]) => ({ text, link: sitePath(file) })),
}));

export const settings = {
  title: 'openndes',
  description: 'SCEP enrolment server for Microsoft Intune and every other SCEP client',
  lang: 'en-GB',
  base: BASE,
  srcDir: 'target/pages',
  outDir: 'target/html',
  cacheDir: 'target/cache',
  head: [['link', { rel: 'icon', href: `${BASE}icon.svg`, type: 'image/svg+xml' }]],
  markdown,
  metaChunk: true,
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Start', link: sitePath(NAVIGATION[0]?.pages[0]?.[0] ?? '') },
      { text: 'Configuration', link: '/configuration' },
      { text: `Version ${version}`, link: '/changelog' },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    externalLinkIcon: true,
    footer: { message: 'Apache-2.0' },
  },
};
