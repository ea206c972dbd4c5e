/** Login at a provider by OpenID Connect, in a real browser: the way there and back, and the end of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { CLIENT, provider, SECRET, TENANT } from '../access/oidc-under-test.ts';
import { freePort } from '../kit/ports.ts';
import { atEnd } from '../wiring/files.ts';
import { configured, started } from '../wiring/server.ts';
import { launched, opened } from './chromium.ts';
import { tabTo } from './form-row.ts';

let browser: Browser;
before(async () => {
  browser = await launched();
});
after(() => browser?.close());

/** A server whose people log in at a provider, where this role waits for them without a question. */
async function under(role: string): Promise<string> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const account = { tid: TENANT, oid: 'oid-of-ada', preferred_username: 'ada@example.com', roles: [role] };
  const ends = { after: (end: () => void) => atEnd(async () => end()) };
  const issuer = await provider(ends, () => publicUrl, account);
  const roles = { Blockers: 'operator', Readers: 'viewer' };
  const oidc = { issuer, clientId: CLIENT, clientSecret: SECRET, tenant: TENANT, roles };
  await started(configured({ admin: { port, publicUrl, oidc } }));
  return publicUrl;
}

const BUTTON = 'a.button[href="/admin/login/oidc"]';

for (const script of [false, true])
  test(`a person of the provider signs in, blocks a name and signs out, ${script ? 'by the keyboard' : 'without scripts'}`, async () => {
    const url = await under('Blockers');
    const { page, close } = await opened(browser, { url, script });
    const press = async (selector: string): Promise<void> => {
      if (!script) return page.locator(selector).click();
      await tabTo(page, selector);
      await page.keyboard.press('Enter');
    };
    await page.goto(`${url}/admin/`);
    await press(BUTTON);
    await page.locator('h1', { hasText: 'Overview' }).waitFor();
    await page.goto(`${url}/admin/blocks`);
    await page.fill('main form[action$=add] input[name=name]', 'device:of-ada');
    await press('main form[action$=add] .actions button');
    await page.locator('[role=status]').waitFor();
    const row = page.locator('main tr', { hasText: 'device:of-ada' });
    assert.match(await row.innerText(), /ada@example\.com \(oidc oid-of-ada\)/);
    await press('form[action="/admin/logout"] button');
    assert.match(await page.locator('main').innerText(), /session at the provider goes on/);
    await page.goto(`${url}/admin/blocks`);
    assert.match(page.url(), /\/admin\/login\?next=/);
    await close();
  });

test('a reader of the provider sees no form, and who has no role here is told so', async () => {
  const readers = await under('Readers');
  const reader = await opened(browser, { url: readers });
  await reader.page.goto(`${readers}/admin/login/oidc`);
  await reader.page.goto(`${readers}/admin/blocks`);
  assert.equal(await reader.page.locator('main form').count(), 0);
  const url = await under('Strangers');
  const stranger = await opened(browser, { url });
  const answer = await stranger.page.goto(`${url}/admin/login/oidc`);
  assert.equal(answer?.status(), 403);
  await stranger.page.goto(`${url}/admin/`);
  assert.match(stranger.page.url(), /\/admin\/login/);
  await Promise.all([reader.close(), stranger.close()]);
});
