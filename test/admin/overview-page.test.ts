/** The page "Overview". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seenCondition } from '../../src/core/condition.ts';
import { pagesUnderTest } from './pages-under-test.ts';

test('nothing is wrong: all clear, and when that was checked', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  assert.match((await get('/admin/')).body, /Not checked yet/);
  await store.recordConditions({ server: 'one', alone: true, closes: true, seen: [] });
  const { body } = await get('/admin/');
  assert.match(body, /<strong>All clear\.<\/strong> Checked at <time class="moment" datetime="2026-03-01T12:00:00/);
});

test('what is wrong stands first, with what to do, since when, and where to read on', async (t) => {
  const { get, store, clock } = await pagesUnderTest(t);
  const what = 'the tenant <b>corp</b> does not answer';
  const seen = [seenCondition('tenant-unusable', { of: 'corp', what, remedy: 'Renew the secret.' })];
  await store.recordConditions({ server: 'one', alone: true, closes: true, seen });
  clock.forward(3 * 3_600_000);
  const { body } = await get('/admin/');
  assert.match(body, /Attention required <span class="count-badge">1<\/span>/);
  assert.match(body, /<strong>the tenant &#60;b&#62;corp&#60;\/b&#62; does not answer<\/strong>/);
  assert.match(body, /What to do: Renew the secret\./);
  assert.match(body, /3 hours ago/);
  assert.match(body, /docs\/conditions\.md#tenant-unusable/);
  assert.doesNotMatch(body, /All clear/);
});

test('a script reads the part again that it can replace', async (t) => {
  const { get } = await pagesUnderTest(t);
  assert.match((await get('/admin/')).body, /<div id="overview" data-refresh="30">/);
});
