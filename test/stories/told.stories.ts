/**
 * `npm run stories`: ten reasons why a device has no certificate, each found on the page of devices by what an administrator knows,
 * in three clicks at most, beside many certificates and attempts. OPENNDES_STORIES_ROWS: how many; a million in the test by hand.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { until } from '../kit/until.ts';
import { STORIES, type Story } from './told.table.ts';
import { type PageSeen, type World, worldWith } from './world.ts';

const ROWS = Number(process.env['OPENNDES_STORIES_ROWS'] ?? 50_000);
/** Milliseconds in which a page is to be there. It is printed, and only the run by hand is held to it. */
const SOON = 200;

let world: World;
before(async () => {
  world = await worldWith(ROWS);
  await Promise.all(STORIES.map(({ happens }) => happens(world)));
});

/** The pages that an administrator sees: the page of devices, what the search finds, and what the first link of a list leads to. */
async function clicked({ search }: Story): Promise<PageSeen[]> {
  const devices = await world.page('/admin/devices');
  const found = await world.page(`/admin/devices?query=${encodeURIComponent(search)}`);
  const [, link] = /<td[^>]*><a href="(\/admin\/devices\?query=[^"]+)"/.exec(found.body) ?? [];
  return link === undefined ? [devices, found] : [devices, found, await world.page(link.replaceAll('&#38;', '&'))];
}

/** What a person reads. */
const textOf = (body: string): string =>
  body
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/\s+/g, ' ');

for (const story of STORIES)
  test(`${story.title}: found by ${story.search}, with what to do`, async (context) => {
    // Attempts are written within a second.
    const pages = await until(async () => {
      const seen = await clicked(story);
      return seen.some(({ body }) => story.says.test(textOf(body))) && seen;
    }, `what ${story.search} is found by`);
    assert.ok(pages.length <= 3);
    assert.match(textOf(pages.at(-1)!.body), story.todo);
    const slowest = Math.max(...pages.map(({ ms }) => ms));
    context.diagnostic(`${pages.length} clicks, slowest page ${slowest.toFixed(0)} ms beside ${ROWS} attempts`);
    if (ROWS >= 1_000_000) assert.ok(slowest <= SOON, `${slowest.toFixed(0)} ms`);
  });
