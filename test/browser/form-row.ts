/** What a form of the pages is tried with in a browser, and the ways to fill it. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { Installation } from './installation.ts';

/** A text is typed, or an option is chosen by its words; `true` ticks a box; octets are uploaded as a file. */
export type Value = string | true | Uint8Array;

/**
 * `at`: the page with the form. `has`: the value of a hidden field, where the page has several forms of one path. `values`: by the
 * names of the fields, in the order of the form.
 */
export type Made = { at: string; has?: string; values?: Readonly<Record<string, Value>> };

/** `history`: each entry that it leaves, `event name`, once. */
export type FormRow = {
  path: string;
  title: string;
  made: (site: Installation) => Promise<Made>;
  shows: RegExp;
  history: readonly string[];
};

/** The form on the page. */
export const formOf = ({ path }: Pick<FormRow, 'path'>, { has }: Made): string =>
  `main form[action="${path}"]${has === undefined ? '' : `:has(input[type=hidden][value="${has}"])`}`;

const asFile = (octets: Uint8Array) => ({
  name: 'request.bin',
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(octets),
});

/** Fills it with the mouse. */
export async function filled(form: Locator, { values = {} }: Made): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const field = form.locator(`[name="${name}"]`);
    if (value === true) await field.check();
    else if (typeof value !== 'string') await field.setInputFiles(asFile(value));
    else if ((await form.locator(`select[name="${name}"]`).count()) > 0) await field.selectOption(value);
    else await field.fill(value);
  }
}

/** Presses Tab until the element has the focus; it must come within so many presses. */
export async function tabTo(page: Page, selector: string, most = 300): Promise<void> {
  for (let n = 0; n < most; n++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
  }
  assert.fail(`${selector} is not reached by Tab`);
}

/** Fills and sends it by the keyboard alone. */
export async function typed(page: Page, form: string, { values = {} }: Made): Promise<void> {
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  for (const [name, value] of Object.entries(values)) {
    await tabTo(page, `${form} [name="${name}"]`);
    if (value === true) await page.keyboard.press('Space');
    else if (typeof value === 'string') await page.keyboard.type(value);
    else {
      const chooser = page.waitForEvent('filechooser');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(asFile(value));
    }
  }
  await tabTo(page, `${form} .actions button`);
  await page.keyboard.press('Enter');
}

/** The fields that a browser would send for it, but for the token and a file. */
export async function sentFor(form: Locator, { values = {} }: Made): Promise<Record<string, string>> {
  const sent: Record<string, string> = {};
  for (const field of await form.locator('input[type=hidden]:not([name=formToken])').all())
    sent[(await field.getAttribute('name')) ?? ''] = await field.inputValue();
  for (const [name, value] of Object.entries(values))
    if (value === true || typeof value === 'string') sent[name] = value === true ? 'yes' : value;
  return sent;
}
