/** Debian's Chromium, driven by playwright-core. What a page complains about is kept. */
import { userInfo } from 'node:os';
import { type Browser, chromium, type Page } from 'playwright-core';

/** `width`: of the window. `cookie`: of a session. `script`: false switches scripts off. */
export type Opening = { url: string; width?: number; dark?: boolean; cookie?: string | undefined; script?: boolean };

/** `complaints`: violations of the policy, errors of scripts and of loading, each as text. */
export type Opened = { page: Page; complaints: string[]; close: () => Promise<void> };

/** Root needs it without the sandbox, as in CI. */
export const launched = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['OPENNDES_CHROMIUM'] ?? '/usr/bin/chromium',
    args: userInfo().uid === 0 ? ['--no-sandbox'] : [],
  });

/** A new window, with nothing of the others. */
export async function opened(browser: Browser, opening: Opening): Promise<Opened> {
  const { url, width = 1440, dark = false, cookie, script = true } = opening;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: script,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const [name = '', value = ''] = cookie?.split('=') ?? [];
  if (cookie) await context.addCookies([{ name, value, url, httpOnly: true, sameSite: 'Lax' }]);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(error.message));
  page.on('requestfailed', (request) => void complaints.push(`${request.url()} was not loaded`));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(`asks ${request.url()}`);
  });
  return { page, complaints, close: () => context.close() };
}
