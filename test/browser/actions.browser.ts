/** What people do on the pages, in a real browser: with the keyboard, without scripts; and what attackers do. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launched, opened } from './chromium.ts';
import { tabTo } from './form-row.ts';
import { type Installation, installation } from './installation.ts';

let browser: Browser;
let site: Installation;
before(async () => {
  [browser, site] = await Promise.all([launched(), installation()]);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const signedIn = (role: 'operator' | 'admin' | 'viewer', more: object = {}) =>
  opened(browser, { url: site.url, cookie: site.cookies.get(role), ...more });

test('by the keyboard alone: over the navigation, into a form, and the answer', async () => {
  const { page, close } = await signedIn('operator');
  await page.goto(`${site.url}/admin/blocks`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('location.hash'), '#content');
  await tabTo(page, 'form[action$=add] input[name=name]');
  const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
  assert.equal(outline, 'solid');
  await page.keyboard.type('device:by-keyboard');
  await page.keyboard.press('Enter');
  await page.waitForURL(/done=/);
  assert.match(await page.locator('[role=status]').innerText(), /on the block list now/);
  assert.ok((await site.blocked()).includes('device:by-keyboard'));
  await close();
});

test('without scripts: a request is approved, another rejected with a reason, a name blocked and taken back', async () => {
  const { page, close } = await signedIn('operator', { script: false });
  await page.goto(`${site.url}/admin/waiting`);
  const harmless = page.locator('section', { has: page.getByRole('heading', { name: 'CN=harmless' }) });
  await harmless.getByRole('button', { name: 'Approve' }).click();
  assert.match(await page.locator('[role=status]').innerText(), /Approved/);
  const other = page.locator('main section').first();
  await other.locator('form[action$=reject] input[name=reason]').fill('an attack');
  await other.getByRole('button', { name: 'Reject' }).click();
  assert.match(await page.locator('[role=status]').innerText(), /Rejected/);
  assert.match(await page.locator('main').innerText(), /No request waits/);
  await page.goto(`${site.url}/admin/blocks`);
  await page.fill('form[action$=add] input[name=name]', 'device:without-script');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  assert.ok((await site.blocked()).includes('device:without-script'));
  await page.getByRole('button', { name: /Remove device:without-script/ }).click();
  assert.ok(!(await site.blocked()).includes('device:without-script'));
  await close();
});

test('a one-time password is shown once, and a click copies it', async () => {
  const { page, complaints, close } = await signedIn('operator');
  await page.goto(`${site.url}/admin/passwords`);
  await page.getByRole('button', { name: 'Issue a password' }).click();
  const password = await page.locator('.secret code').innerText();
  assert.match(password, /^[0-9A-F]{16}$/);
  await page.locator('.secret button').click();
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), password);
  assert.ok(!page.url().includes(password));
  await page.goto(`${site.url}/admin/passwords`);
  assert.ok(!(await page.content()).includes(password));
  assert.deepEqual(complaints, []);
  await close();
});

test('a form that is forged does nothing: by another site, and with another token', async (t) => {
  const before = await site.blocked();
  const { page, close } = await signedIn('operator');
  const evil = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(
      `<form method="post" action="${site.url}/admin/blocks/add"><input name="name" value="device:forged"></form><script>document.forms[0].submit()</script>`,
    );
  });
  t.after(() => evil.close().closeAllConnections());
  evil.listen(0, 'localhost');
  await once(evil, 'listening');
  const { port } = evil.address() as AddressInfo;
  await page.goto(`http://localhost:${port}/`);
  await page.waitForURL(`${site.url}/admin/blocks/add`);
  assert.match(await page.locator('main').innerText(), /Nothing was done/);
  await page.goto(`${site.url}/admin/blocks`);
  await page.evaluate(`document.querySelector('form[action$=add] input[name=formToken]').value = 'x'`);
  await page.fill('form[action$=add] input[name=name]', 'device:forged');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  assert.match(await page.locator('main').innerText(), /Nothing was done/);
  assert.deepEqual(await site.blocked(), before);
  await close();
});

test('a session that was stolen before the logout opens nothing after it', async () => {
  const cookie = site.cookies.get('viewer');
  const owner = await opened(browser, { url: site.url, cookie });
  const thief = await opened(browser, { url: site.url, cookie });
  await thief.page.goto(`${site.url}/admin/`);
  assert.match(await thief.page.locator('h1').innerText(), /Overview/);
  await owner.page.goto(`${site.url}/admin/`);
  await owner.page.getByRole('button', { name: 'Sign out' }).click();
  assert.match(await owner.page.locator('main').innerText(), /You are signed out/);
  await thief.page.goto(`${site.url}/admin/certificates`);
  assert.match(thief.page.url(), /\/admin\/login\?next=/);
  await Promise.all([owner.close(), thief.close()]);
});

test('the login page is reached and filled by the keyboard, and says what is wrong', async () => {
  const { page, close } = await opened(browser, { url: site.url, width: 390 });
  await page.goto(`${site.url}/admin/`);
  await tabTo(page, 'input[name=user]');
  await page.keyboard.type('operator');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not the password');
  await page.keyboard.press('Tab');
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  assert.match(await page.locator('[role=alert]').innerText(), /is wrong/);
  assert.equal(await page.locator('input[name=password]').inputValue(), '');
  await close();
});
