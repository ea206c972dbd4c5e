/**
 * Pictures of the administrators' pages, taken by a real browser from a server that really has what they show: `npm run screenshots`.
 * Nothing is drawn, so they are never older than the program. `--out FOLDER` puts them elsewhere.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { PERSON, seededInstallation } from './seeded-installation.ts';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'docs/pictures' } } });
const out = resolve(import.meta.dirname, '../..', values.out);

/** A page by its path, and the most octets that its picture may have: readers of the README load it. */
const PICTURES = [
  { name: 'overview', path: '/admin/' },
  { name: 'trace', path: '/admin/devices?query=laptop-017' },
  { name: 'certificates', path: '/admin/certificates?q=laptop-0' },
  { name: 'tenants', path: '/admin/tenants' },
  { name: 'authorities', path: '/admin/authorities' },
] as const;
const MOST_OCTETS = 150_000;
const VIEW = { width: 1440, height: 800 };

async function login(page: Page, adminUrl: string): Promise<void> {
  await page.goto(`${adminUrl}/admin/login`);
  await page.fill('[name=user]', PERSON.name);
  await page.fill('[name=password]', PERSON.password);
  await page.fill('[name=code]', PERSON.code());
  await page.click('main button');
  await page.waitForURL(`${adminUrl}/admin/`);
}

async function picture(page: Page, adminUrl: string, { name, path }: (typeof PICTURES)[number]): Promise<void> {
  const response = await page.goto(`${adminUrl}${path}`);
  if (response?.status() !== 200) throw new Error(`${path} answered ${response?.status()}`);
  const file = join(out, `${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  const { size } = statSync(file);
  if (size > MOST_OCTETS)
    throw new Error(`${file} has ${size} octets, more than ${MOST_OCTETS}. Show less of the page.`);
  process.stdout.write(`${file} ${size} octets\n`);
}

async function takePictures(browser: Browser, adminUrl: string): Promise<void> {
  const page = await browser.newPage({
    viewport: VIEW,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  await login(page, adminUrl);
  for (const each of PICTURES) await picture(page, adminUrl, each);
}

const folder = mkdtempSync(join(tmpdir(), 'openndes-pictures-'));
mkdirSync(out, { recursive: true });
const installation = await seededInstallation(folder);
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await takePictures(browser, installation.adminUrl);
} finally {
  await browser.close();
  await installation.close();
  rmSync(folder, { recursive: true });
}
