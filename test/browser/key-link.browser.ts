/** The page of a link in Chromium: a person fetches the file, with and without scripts. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { fields, installed } from '../app/installation.ts';
import { USER } from '../pfx/template-samples.ts';
import { launched, opened } from './chromium.ts';

const browser = await launched();
after(() => browser.close());

/** A server, and a link to a file at it. */
async function linked(t: TestContext) {
  const { folder, cli, started } = await installed(t, (text) =>
    text
      .replace(/^( +)policy: \{ static.*$/m, '$1name: people\n$&')
      .concat('pfx: { subject: "CN={{UserPrincipalName}}", key: p256, links: "https://keys.example.com" }\n'),
  );
  const user = join(folder, 'jane.json');
  writeFileSync(user, JSON.stringify(USER));
  const { origin } = await started();
  const { link } = fields(await cli('pfx', 'link', user, '--endpoint', 'people', '--purpose', 'signing', '--json'));
  const url = String(link).replace('https://keys.example.com', origin);
  return { url, token: url.split('#')[1]! };
}

for (const script of [true, false])
  test(`the file is fetched by the button, once, ${script ? 'with' : 'without'} scripts`, async (t) => {
    const { url, token } = await linked(t);
    const { page, complaints, close } = await opened(browser, { url: new URL(url).origin, script });
    t.after(close);
    await page.goto(url);
    if (!script) await page.getByLabel('Code').fill(token);
    assert.equal(await page.getByLabel('Code').inputValue(), token);
    const button = page.getByRole('button', { name: 'Fetch the file' });
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    assert.equal(download.suggestedFilename(), 'jane-signing.p12');
    assert.equal(readFileSync(await download.path())[0], 0x30);
    if (script) assert.equal(page.url(), url.slice(0, url.indexOf('#')), 'the token is not in the history');
    const [answer] = await Promise.all([page.waitForResponse('**/pfx/'), button.click()]);
    assert.equal(answer.status(), 404);
    await page.getByText('No file waits here').waitFor();
    assert.deepEqual(
      complaints.filter((text) => !text.includes('404') && !text.endsWith('was not loaded')),
      [],
    );
  });
