/** The first page of the site. It is made from the navigation. */
import { NAVIGATION, sitePath } from './navigation.ts';

const link = (file: string): string => `${sitePath(file)}.md`;

const hero = {
  name: 'openndes',
  text: 'SCEP for Microsoft Intune without a Windows server',
  tagline:
    'Validates each challenge with Intune, signs with your CA, notifies Intune, and answers every other SCEP client too.',
  actions: [
    { theme: 'brand', text: 'Start', link: sitePath(NAVIGATION[0]?.pages[0]?.[0] ?? '') },
    { theme: 'alt', text: 'From NDES in an afternoon', link: '/ndes-migration' },
    { theme: 'alt', text: 'A device has no certificate', link: '/troubleshooting' },
  ],
};

/** docs/overview.svg, and a picture that `npm run screenshots` takes. */
const PICTURES = [
  '![A device sends a request to openndes, which asks Intune, has the CA sign, notifies Intune and answers](/overview.svg)',
  '![The first page of administrators: what is wrong, since when, and what to do](/pictures/overview.png)',
];

const features = NAVIGATION.map(({ title, about, pages }) => ({
  title,
  details: about,
  link: sitePath(pages[0]?.[0] ?? ''),
}));

/** Markdown with its settings for VitePress, which are YAML and so may be JSON. */
export function firstPage(): string {
  const pages = NAVIGATION.flatMap(({ title, pages }) => [
    `## ${title}`,
    pages.map(([file, name]) => `[${name}](${link(file)})`).join(' · '),
  ]);
  return ['---', JSON.stringify({ layout: 'home', hero, features }), '---', ...PICTURES, ...pages]
    .join('\n\n')
    .replace('\n\n', '\n')
    .replace('\n\n---', '\n---');
}
