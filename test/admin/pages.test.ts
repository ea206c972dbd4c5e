/** The frame of the administrator's pages: who sees what, what is refused, and that data never becomes markup. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { html } from '../../src/admin/pages/html.ts';
import { FORMS, PAGES } from '../../src/admin/pages/page-table.ts';
import { actionNamed } from '../../src/actions/all-actions.ts';
import { pagesUnderTest, session } from './pages-under-test.ts';

const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

test('every page has its title once, its headers, and no code or style of its own', async (t) => {
  const { get } = await pagesUnderTest(t, { signedIn: session({ role: 'admin' }) });
  for (const { path, title } of PAGES) {
    const { statusCode, headers, body } = await get(path);
    assert.equal(statusCode, 200, path);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['content-security-policy'], POLICY);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(body, new RegExp(`<h1>${title}</h1>`));
    assert.equal(body.split('<h1>').length, 2);
    assert.doesNotMatch(body, /<style|\sstyle=|\son\w+=|javascript:|<script(?! src="\/admin\/assets\/)/i, path);
    assert.match(body, /<a class="skip" href="#content">/);
  }
});

test('every form names an action, has a path of its own, and returns to a page', () => {
  const pages = PAGES.map(({ path }) => path);
  assert.equal(new Set(pages).size, pages.length);
  assert.equal(new Set(FORMS.map(({ path }) => path)).size, FORMS.length);
  for (const { action, path, back } of FORMS) {
    assert.equal(actionNamed(action).name, action);
    assert.ok(pages.includes(back), `${path} returns to ${back}`);
  }
});

test('without a session a page leads to the login, and a form is refused', async (t) => {
  const { get, post, current, store } = await pagesUnderTest(t);
  current.session = undefined;
  const page = await get('/admin/blocks?x=1');
  assert.deepEqual([page.statusCode, page.headers.location], [303, '/admin/login?next=%2Fadmin%2Fblocks%3Fx%3D1']);
  const form = await post('/admin/blocks/add', { name: 'device:1' });
  assert.equal(form.statusCode, 401);
  assert.match(form.body, /You are not signed in/);
  assert.deepEqual(await store.listBlocks(), []);
});

test('a role that lacks the permission gets 403, sees no page in the navigation and no form', async (t) => {
  const { get, post, current, store } = await pagesUnderTest(t, { signedIn: session({ role: 'metrics' }) });
  const page = await get('/admin/blocks');
  assert.equal(page.statusCode, 403);
  assert.doesNotMatch(page.body, /href="\/admin\/blocks"/);
  current.session = session({ role: 'viewer' });
  const viewed = await get('/admin/blocks');
  assert.equal(viewed.statusCode, 200);
  assert.match(viewed.body, /<a href="\/admin\/blocks" aria-current="page">Block list<\/a>/);
  assert.doesNotMatch(viewed.body, /action="\/admin\/blocks/);
  const added = await post('/admin/blocks/add', { name: 'device:1' });
  assert.equal(added.statusCode, 403);
  assert.match(added.body, /asks for the permission `operate`/);
  assert.deepEqual(await store.listBlocks(), []);
});

test('a form runs its action as the person, and the next page says so', async (t) => {
  const { get, post, store } = await pagesUnderTest(t);
  const added = await post('/admin/blocks/add', { name: 'device:7d1f', comment: 'stolen' });
  assert.deepEqual([added.statusCode, added.headers.location], [303, '/admin/blocks?done=%2Fadmin%2Fblocks%2Fadd']);
  const { body } = await get(String(added.headers.location));
  assert.match(body, /It is on the block list now\./);
  assert.match(body, /<code class="copyable" data-copy>device:7d1f<\/code>/);
  const [block] = await store.listBlocks();
  assert.equal(block?.by, 'ada');
  const removed = await post('/admin/blocks/remove', { name: 'device:7d1f' });
  assert.equal(removed.statusCode, 303);
  assert.deepEqual(await store.listBlocks(), []);
});

test('the sentence after a form is one of ours, whatever the URL says', async (t) => {
  const { get } = await pagesUnderTest(t);
  const { body } = await get('/admin/blocks?done=Call+the+attacker');
  assert.doesNotMatch(body, /attacker|class="notice/);
});

test('what an action refuses is shown with its remedy and its status', async (t) => {
  const { post } = await pagesUnderTest(t);
  const { statusCode, body } = await post('/admin/blocks/add', { name: 'nobody' });
  assert.equal(statusCode, 400);
  assert.match(body, /No name of the block list\./);
  assert.match(body, /Write device:ID/);
  assert.match(body, /<a href="\/admin\/blocks">Go back<\/a>/);
});

for (const [what, fields, headers] of [
  ['without the token of the session', { formToken: '' }, {}],
  ['with the token of another session', { formToken: 'the-token-of-that-session' }, {}],
  ['sent by another site', {}, { 'sec-fetch-site': 'cross-site' }],
  [
    'sent by another site, by a browser that sends Origin only',
    {},
    { origin: 'http://evil.example', 'sec-fetch-site': '' },
  ],
] as const)
  test(`a form ${what} does nothing`, async (t) => {
    const { post, store } = await pagesUnderTest(t);
    const { statusCode, body } = await post('/admin/blocks/add', { name: 'device:1', ...fields }, headers);
    assert.equal(statusCode, 403);
    assert.match(body, /Nothing was done/);
    assert.deepEqual(await store.listBlocks(), []);
  });

test('a body that is no form is refused', async (t) => {
  const { post } = await pagesUnderTest(t);
  const { statusCode } = await post('/admin/blocks/add', {}, { 'content-type': 'application/json' });
  assert.equal(statusCode, 400);
});

test('data never becomes markup', async (t) => {
  const { get, post } = await pagesUnderTest(t);
  await post('/admin/blocks/add', { name: 'subject:CN=<script>alert(1)</script>', comment: '"><img src=x onerror=1>' });
  const { body } = await get('/admin/blocks');
  assert.doesNotMatch(body, /<script>|<img/);
  assert.match(body, /&#60;script\\&#62;alert\(1\)/);
  assert.match(body, /&#34;&#62;&#60;img src&#61;x onerror&#61;1&#62;/);
});

test('the tag escapes text, lists and attributes, keeps markup of its own, and knows no way around it', () => {
  const evil = `<b title='"&'>`;
  assert.equal(
    html`<i a="${evil}">!${[evil, html`<b>${2}</b>`]}${undefined}${false}</i>`.markup,
    '<i a="&#60;b title&#61;&#39;&#34;&#38;&#39;&#62;">!&#60;b title&#61;&#39;&#34;&#38;&#39;&#62;<b>2</b></i>',
  );
});

test('no file of the pages makes markup in another way', () => {
  const folder = join(import.meta.dirname, '../../src/admin/pages');
  const others = globSync('**/*.ts', { cwd: folder }).filter((path) => path !== 'html.ts');
  assert.ok(others.length > 10);
  for (const path of others)
    assert.doesNotMatch(readFileSync(join(folder, path), 'utf8'), /new Html\(|from 'ghtml'/, path);
});

test('style sheet, script and icon have their hash in the URL and are kept by browsers, without a session', async (t) => {
  const { get, current } = await pagesUnderTest(t);
  const { body } = await get('/admin/');
  current.session = undefined;
  const urls = body.match(/\/admin\/assets\/[^"]+/g) ?? [];
  assert.equal(urls.length, 3);
  for (const url of urls) {
    const { statusCode, headers } = await get(url);
    assert.equal(statusCode, 200);
    assert.match(url, /\.[0-9a-f]{16}\.(css|js|svg)$/);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
  }
});

test('a page that cannot read the store says so with 503, and the log has the cause', async (t) => {
  const { get, store, log } = await pagesUnderTest(t);
  await store.close();
  const { statusCode, body } = await get('/admin/blocks');
  assert.equal(statusCode, 503);
  assert.match(body, /This did not work now/);
  assert.match(log.lines.join(''), /"event":"administrator-page-failed"/);
});

test('a path without a page is 404 within the frame', async (t) => {
  const { get } = await pagesUnderTest(t);
  const { statusCode, body } = await get('/admin/nothing');
  assert.equal(statusCode, 404);
  assert.match(body, /There is no such page/);
});

test('a page may be a file to download', async (t) => {
  const pages = [
    {
      path: '/admin/list.csv',
      title: 'List',
      permission: 'view',
      render: () => ({ file: 'a"b.csv', type: 'text/csv', body: 'x' }),
    },
  ] as const;
  const { get } = await pagesUnderTest(t, { pages, forms: [] });
  const { headers, body } = await get('/admin/list.csv');
  assert.deepEqual([headers['content-disposition'], body], ['attachment; filename="a_b.csv"', 'x']);
});
