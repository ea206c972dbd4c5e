/** Every form: who may fills it without scripts, with them and by the keyboard alone; who may not sees none, and is refused. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { FORMS } from '../../src/admin/pages/page-table.ts';
import { launched, opened, type Opened } from './chromium.ts';
import { FORM_ROWS } from './form.table.ts';
import { filled, formOf, type FormRow, type Made, sentFor, typed } from './form-row.ts';
import { type Installation, installation, type ROLES } from './installation.ts';

/** Nobody listens there. */
const ops = { url: 'http://127.0.0.1:9/', secret: 'a-secret-of-the-browser-suite', kinds: ['refused'] };

let browser: Browser;
let site: Installation;
let plain: Opened;
let scripted: Opened;
let others: Opened[];
before(async () => {
  const started = installation({ twoPersons: true }, { messages: { webhooks: { ops } } });
  [browser, site] = await Promise.all([launched(), started]);
  const as = (role: (typeof ROLES)[number], script = true) =>
    opened(browser, { url: site.url, cookie: site.cookies.get(role), script });
  [plain, scripted, ...others] = await Promise.all([
    as('operator', false),
    as('operator'),
    as('viewer'),
    as('auditor'),
  ]);
  scripted.page.on('dialog', (dialog) => void dialog.accept());
  // From now on a choice of files is seen; when it is waited for only at a key, the key can come first.
  scripted.page.on('filechooser', () => undefined);
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const entries = async () => (await site.store.listAudit({})).map(({ event, actor }) => `${event} ${actor.name}`);

/** Does it, and reads the answer and what the history has of it. */
async function tried(row: FormRow, { page }: Opened, send: () => Promise<void>): Promise<void> {
  const before = (await entries()).length;
  await send();
  await page.locator('main', { hasText: row.shows }).waitFor();
  const all = await entries();
  assert.deepEqual([...new Set(all.slice(0, all.length - before))].toSorted(), row.history);
}

const clicked = async ({ page }: Opened, row: FormRow, made: Made): Promise<void> => {
  const form = page.locator(formOf(row, made));
  await filled(form, made);
  await form.locator('.actions button').click();
};

/** Neither a form for those who may not, nor an effect of one that they make themselves. */
async function refused(row: FormRow, made: Made): Promise<void> {
  const sent = await sentFor(plain.page.locator(formOf(row, made)), made);
  const before = await entries();
  for (const { page } of others) {
    await page.goto(site.url + made.at);
    assert.equal(await page.locator(`form[action="${row.path}"]`).count(), 0);
    const formToken = await page.locator('input[name=formToken]').first().inputValue();
    const answer = await page.request.post(site.url + row.path, { form: { ...sent, formToken } });
    assert.equal(answer.status(), 403);
    assert.match(await answer.text(), /permission/);
  }
  assert.deepEqual(await entries(), before);
}

test('every form of the pages is in the table, and no other', () => {
  const tried = new Set(FORM_ROWS.map(({ path }) => path));
  assert.deepEqual([...tried].toSorted(), FORMS.map(({ path }) => path as string).toSorted());
});

for (const row of FORM_ROWS)
  test(`${row.path}: ${row.title}`, async () => {
    const first = await row.made(site);
    await plain.page.goto(site.url + first.at);
    await refused(row, first);
    await tried(row, plain, () => clicked(plain, row, first));

    const second = await row.made(site);
    await scripted.page.goto(site.url + second.at);
    await tried(row, scripted, () => clicked(scripted, row, second));

    const third = await row.made(site);
    await scripted.page.goto(site.url + third.at);
    await tried(row, scripted, () => typed(scripted.page, formOf(row, third), third));
    // A browser complains about the status of what was refused.
    const complaints = scripted.complaints.splice(0).filter((text) => !text.includes('status of 400'));
    assert.deepEqual(complaints, []);
  });
