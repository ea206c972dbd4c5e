/** The documentation site, as far as it needs no VitePress: which pages it has, and where their links lead. `npm run site` builds it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { deadLinks } from '../../site/built-links.ts';
import { destination, headingId, picture, repositoryFile } from '../../site/links.ts';
import { markdown } from '../../site/markdown.ts';
import { SITE_PAGES, sitePath } from '../../site/navigation.ts';
import { navigationFaults } from '../../site/pages.ts';

test('every page of docs/ has its place in site/navigation.ts', () => assert.deepEqual(navigationFaults(), []));

test('a page has the address of its name', () => {
  assert.equal(sitePath('docs/intune.md'), '/intune');
  assert.equal(sitePath('SECURITY.md'), '/security');
  assert.equal(new Set(SITE_PAGES.map(sitePath)).size, SITE_PAGES.length);
  assert.equal(repositoryFile('security.md'), 'SECURITY.md');
  assert.equal(repositoryFile('index.md'), undefined);
});

test('a link to another page leads to its page of the site', () => {
  assert.deepEqual(destination('docs/intune.md', 'errors.md#http'), { href: '/errors.md#http' });
  assert.deepEqual(destination('docs/intune.md', '../SECURITY.md'), { href: '/security.md' });
  assert.deepEqual(destination('SECURITY.md', 'docs/intune.md'), { href: '/intune.md' });
  assert.deepEqual(destination('CONTRIBUTING.md', 'README.md'), { href: '/index.md' });
  assert.deepEqual(destination('docs/intune.md', 'missing.md'), { href: '/missing.md' });
});

test('a link to a file that the site does not have leads to where the source is, or nowhere', () => {
  assert.deepEqual(destination('docs/limits.md', '../test/a.test.ts'), { file: 'test/a.test.ts' });
  assert.deepEqual(destination('docs/limits.md', '../test/a.test.ts#L1', 'https://code.example/'), {
    href: 'https://code.example/test/a.test.ts#L1',
  });
});

test('the scripts for the app registration are copied', () =>
  assert.deepEqual(destination('docs/app-registration.md', 'entra/main.tf'), { copy: '/entra/main.tf' }));

test('a picture of a page is at the root of the site', () => {
  assert.equal(picture('docs/intune.md', 'overview.svg'), '/overview.svg');
  assert.equal(picture('docs/intune.md', 'pictures/trace.png'), '/pictures/trace.png');
  assert.equal(picture('CHANGELOG.md', 'docs/overview.svg'), '/overview.svg');
});

test('a heading has the id that GitHub gives it', () => {
  assert.equal(
    headingId('`notify`: when the device gets its certificate'),
    'notify-when-the-device-gets-its-certificate',
  );
  assert.equal(headingId('2. A first device (ten minutes)'), '2-a-first-device-ten-minutes');
  assert.equal(headingId('stop_grace_period'), 'stop_grace_period');
});

/** A folder with a page a.html of this content, an empty page b.html with a heading, and a picture. */
function built(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'openndes-site-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'a.html'), content);
  writeFileSync(join(folder, 'b.html'), '<h2 id="there">There</h2>');
  writeFileSync(join(folder, 'assets', 'p.svg'), '');
  return folder;
}

test('a built page with links that lead somewhere has no fault', (t) => {
  const content =
    '<a href="/b.html">1</a><a href="./b.html#there">2</a><a href="https://example.com/x">3</a>' +
    '<h2 id="here"></h2><a href="#here">4</a><img src="/assets/p.svg">';
  assert.deepEqual(deadLinks(built(t, content), '/'), []);
});

test('links to a missing page, heading or file are found', (t) => {
  const content = '<a href="/c.html">1</a><a href="/b.html#gone">2</a><a href="#gone">3</a><img src="/assets/q.svg">';
  assert.deepEqual(deadLinks(built(t, content), '/'), [
    'a.html: #gone',
    'a.html: /assets/q.svg',
    'a.html: /b.html#gone',
    'a.html: /c.html',
  ]);
});

test('the links of a site below a folder begin with the folder', (t) => {
  assert.deepEqual(deadLinks(built(t, '<a href="/docs/b.html#there">1</a>'), '/docs/'), []);
  assert.deepEqual(deadLinks(built(t, '<a href="/docs/c.html">1</a>'), '/docs/'), ['a.html: /docs/c.html']);
});

test('code in a line is shown as it is, and no variable of Intune in it is taken for one of the site', () => {
  const attributes: [string, string][] = [];
  const token = { type: 'code_inline', tag: 'code', children: null, attrs: null, attrGet: () => null };
  const code = { ...token, attrSet: (name: string, value: string) => void attributes.push([name, value]) };
  const state = { tokens: [{ ...code, type: 'inline', children: [code] }], env: { relativePath: 'pfx.md' } };
  markdown.config({ core: { ruler: { push: (_name, rule) => rule(state) } } });
  assert.deepEqual(attributes, [['v-pre', '']]);
});
