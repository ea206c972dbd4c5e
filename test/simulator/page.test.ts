/** The page at the width of a phone. Chromium showed it without a horizontal bar at 390 pixels; these are the rules that do it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlPage } from '../../src/simulator/page.ts';

const html = controlPage('3f2504e0-4f89-11d3-9a0c-0305e82c3301');
const style = /<style>([^]*?)<\/style>/.exec(html)![1]!;
const narrow = /@media \(max-width: 40rem\) \{([^]*)\n\}/.exec(style)![1]!;

/** The declarations of these rules for this element. */
const declared = (rules: string, element: string): string[] =>
  [...rules.matchAll(/([^{}@;]+)\{([^{}]*)\}/g)]
    .filter(([, selectors]) => selectors!.split(',').some((selector) => selector.trim() === element))
    .flatMap(([, , text]) => text!.split(';').map((each) => each.trim()))
    .filter(Boolean);

test('a phone shows the page in its own width, and not a zoomed-out wide one', () => {
  assert.match(html, /<meta name="viewport" content="width=device-width">/);
});

test('every word may be broken, also a GUID in a table: it sets no least width', () => {
  assert.ok(declared(style, 'body').includes('overflow-wrap: anywhere'));
  assert.doesNotMatch(style, /white-space|nowrap|<pre/);
});

test('a field is as wide as its column and no wider, and below 640 pixels there is one column', () => {
  for (const field of ['input', 'select', 'textarea'])
    for (const rule of ['width: 100%', 'min-width: 0', 'box-sizing: border-box'])
      assert.ok(declared(style, field).includes(rule), `${field} { ${rule} }`);
  assert.ok(declared(narrow, 'form').includes('grid-template-columns: minmax(0, 1fr)'));
});

test('nothing has a fixed width of more than 358 pixels, which is 390 without the margins', () => {
  const widths = [...style.matchAll(/(?<![\w-])(?:min-)?width: ([\d.]+)(rem|px)/g)].map(
    ([, size, unit]) => Number(size) * (unit === 'rem' ? 16 : 1),
  );
  for (const width of widths) assert.ok(width <= 358, `${width} px`);
  assert.doesNotMatch(html, /<(?:table|td|th|img|input|textarea)[^>]* (?:width|size|cols)=/);
});
