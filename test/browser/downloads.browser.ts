/** What is downloaded from the pages: lists as CSV and JSON lines, and the certificates of an authority. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { issuing } from '../wiring/files.ts';
import { launched, opened } from './chromium.ts';
import { tabTo } from './form-row.ts';
import { EVIL, type Installation, installation, ROLES } from './installation.ts';

let browser: Browser;
let site: Installation;
before(async () => {
  [browser, site] = await Promise.all([launched(), installation()]);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

type File = { name: string; octets: Buffer };

const subjectsIn = ({ octets }: File): unknown[] =>
  octets
    .toString()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { subject?: string }).subject);

const isCa = (octets: Buffer): boolean => new X509Certificate(octets).raw.equals(Buffer.from(issuing.certificate));

/** `link`: in the page at `at`. */
const ROWS: readonly { at: string; link: string; roles: readonly string[]; holds: (file: File) => void }[] = [
  {
    at: '/admin/certificates',
    link: 'a[href*="export=csv"]',
    roles: ['viewer', 'operator', 'auditor', 'admin'],
    holds: ({ name, octets }) => {
      assert.equal(name, 'certificates.csv');
      // A quotation mark is written twice, RFC 4180 2.
      assert.ok(octets.toString().includes('<img src=x onerror=""window.hit=1"">'));
    },
  },
  {
    at: '/admin/certificates',
    link: 'a[href*="export=json"]',
    roles: ['viewer', 'operator', 'auditor', 'admin'],
    holds: (file) => {
      assert.equal(file.name, 'certificates.jsonl');
      assert.equal(subjectsIn(file).length, 1);
      assert.ok(String(subjectsIn(file)[0]).includes('window.hit'));
    },
  },
  {
    at: '/admin/audit',
    link: 'a[href*="export=csv"]',
    roles: ['auditor', 'admin'],
    holds: ({ name, octets }) => {
      assert.equal(name, 'audit.csv');
      assert.match(octets.toString(), /logged-in/);
      assert.ok(octets.toString().includes(EVIL.replaceAll('"', '""')));
    },
  },
  {
    at: '/admin/audit',
    link: 'a[href*="export=json"]',
    roles: ['auditor', 'admin'],
    holds: ({ name, octets }) => {
      assert.equal(name, 'audit.jsonl');
      const lines = octets.toString().trim().split('\n');
      const logins = lines.filter((line) => (JSON.parse(line) as { event?: string }).event === 'logged-in');
      assert.equal(logins.length, ROLES.length);
    },
  },
  {
    at: '/admin/authorities',
    link: 'a[href*="form=pem"]',
    roles: ['viewer', 'operator', 'auditor', 'admin'],
    holds: ({ name, octets }) => {
      assert.match(name, /\.pem$/);
      assert.match(octets.toString(), /^-----BEGIN CERTIFICATE-----\n/);
      assert.ok(isCa(octets));
    },
  },
  {
    at: '/admin/authorities',
    link: 'a[href*="form=der"]',
    roles: ['viewer', 'operator', 'auditor', 'admin'],
    holds: ({ name, octets }) => {
      assert.match(name, /\.cer$/);
      assert.deepEqual(octets, Buffer.from(issuing.certificate));
    },
  },
];

async function downloaded(page: Page, act: () => Promise<void>): Promise<File> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  return { name: download.suggestedFilename(), octets: readFileSync(await download.path()) };
}

for (const { at, link, roles, holds } of ROWS)
  test(`${at}: ${link} is a file, without scripts and by the keyboard, for those who may see it`, async () => {
    const cookie = site.cookies.get('auditor');
    const [plain, scripted] = await Promise.all([
      opened(browser, { url: site.url, cookie, script: false }),
      opened(browser, { url: site.url, cookie }),
    ]);
    await plain.page.goto(site.url + at);
    holds(await downloaded(plain.page, () => plain.page.locator(`main ${link}`).first().click()));
    await scripted.page.goto(site.url + at);
    await tabTo(scripted.page, `main ${link}`);
    holds(await downloaded(scripted.page, () => scripted.page.keyboard.press('Enter')));
    const href = await plain.page.locator(`main ${link}`).first().getAttribute('href');
    for (const role of ROLES) {
      const answer = await fetch(`${site.url}${href}`, { headers: { cookie: site.cookies.get(role) ?? '' } });
      assert.equal(answer.status, roles.includes(role) ? 200 : 403, role);
    }
    const anonymous = await fetch(`${site.url}${href}`, { redirect: 'manual' });
    assert.equal(anonymous.status, 303);
    await Promise.all([plain.close(), scripted.close()]);
  });
