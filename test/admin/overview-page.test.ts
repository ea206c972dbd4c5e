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

test('a time in what is wrong is written as times are on pages', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  const what = 'the CA ends in 2 days, at 2026-03-03T12:00:00.000Z';
  const seen = [seenCondition('tenant-unusable', { of: 'corp', what })];
  await store.recordConditions({ server: 'one', alone: true, closes: true, seen });
  assert.match((await get('/admin/')).body, /<strong>the CA ends in 2 days, at 2026-03-03 12:00:00<\/strong>/);
});

test('a script reads the part again that it can replace', async (t) => {
  const { get } = await pagesUnderTest(t);
  assert.match((await get('/admin/')).body, /<div id="overview" data-refresh="30">/);
});

test('requests of each hour are bars with words and a table, and nothing in it is a style', async (t) => {
  const { get, store } = await pagesUnderTest(t);
  assert.match((await get('/admin/')).body, /No request was issued, refused or told to wait in the last 24 hours\./);
  const count = { hour: new Date('2026-03-01T12:00:00Z'), endpoint: '/one', number: 30 };
  await store.recordAttempts(
    [],
    [
      { ...count, outcome: 'issued' },
      { ...count, outcome: 'refused', number: 8 },
      { ...count, hour: new Date('2026-03-01T06:00:00Z'), outcome: 'waiting', number: 1_200 },
    ],
  );
  const { body } = await get('/admin/');
  const [, chart = ''] = /(<svg class="chart"[^]*?<\/svg>)/.exec(body) ?? [];
  assert.match(chart, /role="img" aria-label="A bar for each of the last 24 hours/);
  assert.match(chart, /<title>12:00: 30 issued, 0 told to wait, 8 refused<\/title><rect class="issued" x="464\.1"/);
  assert.match(chart, />2K<\/text>/);
  assert.doesNotMatch(chart, /style=|NaN|<script/);
  assert.deepEqual(
    [...body.matchAll(/<\/svg>(Issued|Told to wait|Refused): ([\d,]+)<\/li>/g)].map(([, name, number]) => [
      name,
      number,
    ]),
    [
      ['Issued', '30'],
      ['Told to wait', '1,200'],
      ['Refused', '8'],
    ],
  );
  assert.match(body, /<th role="rowheader" scope="row" data-head="Hour \(UTC\)">2026-03-01 12:00<\/th>/);
});

test('the store and each server have a row, and a silent server says so in words', async (t) => {
  const { get, store, clock } = await pagesUnderTest(t);
  await store.recordConditions({ server: 'server-a', alone: false, closes: true, seen: [] });
  clock.forward(150_000);
  await store.recordConditions({ server: 'server-b', alone: false, closes: true, seen: [] });
  const { body } = await get('/admin/');
  assert.match(body, />SQLite<\/th>/);
  assert.match(body, /Takes writes/);
  assert.match(body, /<code>server-a<\/code><\/th><td[^>]*><span class="badge attention">.*? Silent<\/span>/);
  assert.match(body, /<code>server-b<\/code><\/th><td[^>]*><span class="badge good">.*? Works<\/span>/);
});
