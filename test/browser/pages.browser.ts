/** Every page of the table in a real browser: what it looks like to axe-core, at two widths, and that data stays data. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { PAGES } from '../../src/admin/pages/page-table.ts';
import { launched, opened } from './chromium.ts';
import { EVIL, type Installation, installation, ROLES } from './installation.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let site: Installation;
before(async () => {
  [browser, site] = await Promise.all([launched(), installation()]);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** Pages of one thing need its name in the query: it is found by the first link to it. */
async function pathsOf(page: Page): Promise<string[]> {
  const paths = new Set(PAGES.map(({ path }) => path as string));
  for (const one of ['certificate', 'user-key']) {
    await page.goto(`${site.url}/admin/${one}s`, { waitUntil: 'networkidle' });
    const [first] = await page.locator(`main a[href^="/admin/${one}?"]`).all();
    paths.add((await first?.getAttribute('href')) ?? assert.fail(`no ${one} is listed`));
    paths.delete(`/admin/${one}`);
  }
  paths.add(`/admin/devices?${new URLSearchParams({ query: EVIL }).toString()}`);
  paths.add('/admin/nothing');
  return [...paths];
}

type Finding = { id: string; impact: string | null; nodes: { html: string }[] };

/** What axe-core finds serious or worse. */
async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<Finding[]>('axe.run(document).then(({ violations }) => violations)');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' ')}`);
}

for (const { width, dark } of [
  { width: 1440, dark: false },
  { width: 390, dark: true },
])
  test(`every page is in order at ${width} pixels, ${dark ? 'dark' : 'light'}: axe-core, width, policy, and no data became markup`, async () => {
    const { page, complaints, close } = await opened(browser, {
      url: site.url,
      width,
      dark,
      cookie: site.cookies.get('admin'),
    });
    const shown: string[] = [];
    for (const path of await pathsOf(page)) {
      const response = await page.goto(site.url + path);
      assert.equal(response?.status(), path === '/admin/nothing' ? 404 : 200, path);
      assert.deepEqual(await seriousIn(page), [], path);
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= width, `${path} is wider`);
      assert.equal(await page.locator('main img, main script, [onerror]').count(), 0, path);
      assert.equal(await page.evaluate('window.hit'), undefined, path);
      if ((await page.locator('main').innerText()).includes('window.hit')) shown.push(path.split('?')[0] ?? '');
    }
    assert.deepEqual(
      complaints.filter((text) => !text.includes('404')),
      [],
    );
    // Where texts of devices must be seen: a page that hides them would pass by showing nothing.
    for (const path of [
      '/admin/waiting',
      '/admin/blocks',
      '/admin/certificates',
      '/admin/certificate',
      '/admin/devices',
      '/admin/user-keys',
      '/admin/user-key',
    ])
      assert.ok(shown.includes(path), `${path} shows no text of the device`);
    await close();
  });

/** By hand: which roles see which permission. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  view: ['viewer', 'operator', 'auditor', 'admin'],
  operate: ['operator', 'admin'],
  audit: ['auditor', 'admin'],
  administer: ['admin'],
};

for (const role of ROLES)
  test(`${role}: the navigation has the pages that this role may see, and the others answer 403`, async () => {
    const { page, close } = await opened(browser, { url: site.url, cookie: site.cookies.get(role) });
    await page.goto(`${site.url}/admin/`);
    const links: (string | null)[] = [];
    for (const each of await page.locator('nav a').all()) links.push(await each.getAttribute('href'));
    for (const { path, menu, permission } of PAGES) {
      const may = ALLOWED[permission]?.includes(role) ?? false;
      assert.equal(links.includes(path), may && menu !== undefined, `${path} in the navigation`);
      const status = (await page.goto(site.url + path))?.status() ?? 0;
      assert.equal(status === 403, !may, `${path} answers ${status}`);
    }
    await close();
  });

test('a role that may not change anything sees no form that does', async () => {
  for (const role of ['viewer', 'auditor'] as const) {
    const { page, close } = await opened(browser, { url: site.url, cookie: site.cookies.get(role) });
    for (const path of ['/admin/waiting', '/admin/blocks', '/admin/certificates']) {
      await page.goto(site.url + path);
      assert.equal(await page.locator('main form[method=post]').count(), 0, `${role} ${path}`);
    }
    await close();
  }
});
